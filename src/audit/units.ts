/** What an audit has done so far, piece by piece: an interrupted one goes on where it was. */
import { host } from "#host";
import type { SampleResult } from "../attack/index.ts";
import type { Tensor } from "../base/index.ts";
import { readSafetensors, sameConfig, writeSafetensors } from "../train/index.ts";

/** One stage on some samples: done as a whole or not at all. */
export interface Unit {
  readonly stage: string;
  /** Numbers of the samples, in the data. */
  readonly indices: readonly number[];
  readonly results: readonly SampleResult[];
  /** The inputs that were found, one for each of `indices`; clean where none was. */
  readonly adversarial: Tensor<"float32">;
}

export interface Units {
  readonly done: readonly Unit[];
  add(unit: Unit): Promise<void>;
  close(): Promise<void>;
}

/** Units that only this process remembers. */
export const inMemory = (): Units => {
  const done: Unit[] = [];
  return { done, add: async (unit) => void done.push(unit), close: async () => {} };
};

const fileOf = (folder: string, k: number): string => `${folder}/units/${String(k).padStart(6, "0")}.safetensors`;

/**
 * Units in a folder, a file each, written beside their place and renamed. A folder of another audit (model, data, ε, …) is refused: which setting differs
 * is said.
 * @throws run-differs, run-locked
 */
export async function inFolder(folder: string, config: Readonly<Record<string, unknown>>): Promise<Units> {
  const path = `${folder}/config.json`;
  const unlock = await host.lock(`${folder}/run.lock`);
  try {
    if ((await host.kind(path)) === "file") await sameConfig(path, config);
    else await host.writeFile(path, `${JSON.stringify(config, null, 2)}\n`);
    const done: Unit[] = [];
    while ((await host.kind(fileOf(folder, done.length))) === "file") {
      const { tensors, metadata } = readSafetensors(await host.readFile(fileOf(folder, done.length)));
      done.push({ ...JSON.parse(metadata.unit!), adversarial: tensors.adversarial as Tensor<"float32"> });
    }
    return {
      done,
      async add(unit) {
        const { adversarial, ...json } = unit;
        await host.writeFile(fileOf(folder, done.length), writeSafetensors({ adversarial }, { unit: JSON.stringify(json) }));
        done.push(unit);
      },
      close: unlock,
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
