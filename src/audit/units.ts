/** What an audit has done so far, piece by piece: an interrupted one goes on where it was. */
import { host } from "#host";
import type { SampleResult } from "../attack/index.ts";
import { CounterfoilError, type Tensor } from "../base/index.ts";
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
  /** Files that could not be read: what was in them is done again. */
  readonly damaged?: readonly string[];
  add(unit: Unit): Promise<void>;
  close(): Promise<void>;
}

/** null where the file is damaged. */
function unitIn(bytes: Uint8Array): Unit | null {
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    return { ...JSON.parse(metadata.unit!), adversarial: tensors.adversarial as Tensor<"float32"> };
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof CounterfoilError && error.code === "safetensors-damaged")) return null;
    throw error;
  }
}

/** Units that only this process remembers. */
export const inMemory = (): Units => {
  const done: Unit[] = [];
  return { done, add: async (unit) => void done.push(unit), close: async () => {} };
};

const fileOf = (folder: string, k: number): string => `${folder}/units/${String(k).padStart(6, "0")}.safetensors`;

/**
 * Units in a folder, a file each, written beside their place and renamed. Damaged ones are passed over, and their places taken by new ones. A folder of another audit (model, data, ε, …) is refused: which setting differs
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
    const damaged: string[] = [];
    let next = 0;
    for (; (await host.kind(fileOf(folder, next))) === "file"; next++) {
      const unit = unitIn(await host.readFile(fileOf(folder, next)));
      if (unit) done.push(unit);
      else damaged.push(fileOf(folder, next));
    }
    const places = [...damaged];
    return {
      done,
      damaged,
      async add(unit) {
        const { adversarial, ...json } = unit;
        const place = places.shift() ?? fileOf(folder, next++);
        await host.writeFile(place, writeSafetensors({ adversarial }, { unit: JSON.stringify(json) }));
        done.push(unit);
      },
      close: unlock,
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
