/** What certificates a folder holds already: a line a sample, so that an interrupted command goes on where it was. */
import { host } from "#host";
import { sameConfig } from "../train/index.ts";

export interface Samples<S> {
  readonly done: readonly S[];
  add(sample: S): Promise<void>;
  close(): Promise<void>;
}

/** Samples that nothing but this process remembers. */
export const unkept = <S>(): Samples<S> => ({ done: [], add: async () => {}, close: async () => {} });

/** @throws run-differs where the folder is another command's, run-locked */
export async function kept<S>(folder: string, config: Readonly<Record<string, unknown>>): Promise<Samples<S>> {
  const [settings, path] = [`${folder}/config.json`, `${folder}/samples.jsonl`];
  const unlock = await host.lock(`${folder}/run.lock`);
  try {
    if ((await host.kind(settings)) === "file") await sameConfig(settings, config);
    else await host.writeFile(settings, `${JSON.stringify(config, null, 2)}\n`);
    const text = (await host.kind(path)) === "file" ? new TextDecoder().decode(await host.readFile(path)) : "";
    const lines = text.split("\n");
    // what has no end was being written when it stopped: that sample is done again
    if (lines.pop() !== "") await host.writeFile(path, lines.map((l) => `${l}\n`).join(""));
    return {
      done: lines.map((l) => JSON.parse(l) as S),
      add: (sample) => host.appendFile(path, `${JSON.stringify(sample)}\n`),
      close: unlock,
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
