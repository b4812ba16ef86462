/** A run is a folder: config.json, metrics.jsonl, TensorBoard events, checkpoints; one process writes to it at a time. */
import { host } from "#host";
import { fail, sha256, type Tensor } from "../base/index.ts";
import { type MetricLog, openMetrics } from "./metrics.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

export interface Checkpoint {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly json: Readonly<Record<string, unknown>>;
  readonly step: number;
}

export interface Run {
  readonly folder: string;
  readonly log: MetricLog;
  save(which: "last" | "best", checkpoint: Checkpoint): Promise<void>;
  /** The newest whole checkpoint of its kind; damaged ones are passed over with a warning. null: there is none. */
  load(which: "last" | "best"): Promise<Checkpoint | null>;
  close(): Promise<void>;
}

export interface RunFolderOptions {
  readonly config: Readonly<Record<string, unknown>>;
  /** Go on in a folder that already has a run. */
  readonly resume: boolean;
  /** Keys of `config` that may be larger than they were. */
  readonly growing?: readonly string[] | undefined;
  /** Told of damaged checkpoints that are passed over; default `console.warn`. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** Checkpoints of a kind that are kept: the newest, and one before it in case the newest is damaged. */
const KEPT = 2;

// biome-ignore lint/suspicious/noConsole: a loss that nobody asked to be told of must not go unsaid
const warn = (text: string): void => console.warn(text);

/** Open a run folder, new or to be resumed. Refuses a folder that another live run writes to, or that holds another run. */
export async function openRun(folder: string, { config, resume, growing = [], onWarning = warn }: RunFolderOptions): Promise<Run> {
  const configPath = `${folder}/config.json`;
  const there = (await host.kind(configPath)) === "file";
  if (there && !resume)
    fail({
      code: "run-exists",
      expected: "a folder without a run",
      got: `${folder}, which has one`,
      mend: `choose another folder, or go on with --resume ${folder}`,
    });
  if (!there && resume)
    fail({
      code: "run-missing",
      expected: "a folder with a run to resume",
      got: folder,
      mend: "check the path, or start without --resume",
    });
  const unlock = await host.lock(`${folder}/run.lock`);
  try {
    if (there) await sameConfig(configPath, config, growing);
    if (!there || growing.length > 0) await host.writeFile(configPath, `${JSON.stringify(config, null, 2)}\n`);
    const log = await openMetrics(folder);
    return {
      folder,
      log,
      async save(which, checkpoint) {
        // whoever goes on from here does not write again what came before
        await log.flush();
        await save(folder, which, checkpoint);
      },
      load: (which) => load(folder, which, onWarning),
      async close() {
        await log.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Refuse to resume with other settings, but for larger ones of `growing`: it would be another run. Says which differ. */
export async function sameConfig(path: string, config: Readonly<Record<string, unknown>>, growing: readonly string[] = []): Promise<void> {
  const old = parsed(path, new TextDecoder().decode(await host.readFile(path)));
  const differing = [...new Set([...Object.keys(old), ...Object.keys(config)])].filter(
    (k) => JSON.stringify(old[k]) !== JSON.stringify(config[k]) && !(growing.includes(k) && Number(config[k]) > Number(old[k])),
  );
  if (differing.length > 0)
    fail({
      code: "run-differs",
      expected: `the settings the run was started with (${differing.map((k) => `${k} = ${JSON.stringify(old[k])}`).join(", ")})`,
      got: differing.map((k) => `${k} = ${JSON.stringify(config[k])}`).join(", "),
      mend: "resume with the same options, or start a new run in another folder",
    });
}

function parsed(path: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail({
      code: "run-damaged",
      expected: `the settings of a run, as JSON, in ${path}`,
      got: `“${text.slice(0, 40)}”`,
      mend: "restore that file, or start a new run in another folder",
      cause,
    });
  }
}

const name = (which: string, step: number): string => `${which}-${String(step).padStart(9, "0")}`;

async function save(folder: string, which: string, { tensors, json, step }: Checkpoint): Promise<void> {
  const base = `${folder}/checkpoints/${name(which, step)}`;
  const bytes = writeSafetensors(tensors);
  await host.writeFile(`${base}.safetensors`, bytes);
  // the description comes last: a checkpoint without one was never finished
  await host.writeFile(`${base}.json`, JSON.stringify({ step, sha256: await sha256(bytes), ...json }));
  for (const old of (await list(folder, which)).slice(0, -KEPT))
    for (const end of ["json", "safetensors"]) await host.remove(`${folder}/checkpoints/${old}.${end}`);
}

/** Finished checkpoints of a kind, oldest first. */
async function list(folder: string, which: string): Promise<string[]> {
  if ((await host.kind(`${folder}/checkpoints`)) !== "directory") return [];
  const entries = await host.readDir(`${folder}/checkpoints`);
  return entries.filter((e) => e.name.startsWith(`${which}-`) && e.name.endsWith(".json")).map((e) => e.name.slice(0, -".json".length));
}

/**
 * All state of a run's last whole checkpoint.
 * @throws run-missing
 */
export async function lastState(folder: string, onWarning: (text: string) => void = warn): Promise<Checkpoint["tensors"]> {
  const found = await load(folder, "last", onWarning);
  return (
    found?.tensors ??
    fail({
      code: "run-missing",
      expected: "a run folder with a checkpoint",
      got: folder,
      mend: "name the folder of a run that came to its first",
    })
  );
}

async function load(folder: string, which: string, onWarning: (text: string) => void): Promise<Checkpoint | null> {
  for (const found of (await list(folder, which)).reverse()) {
    const base = `${folder}/checkpoints/${found}`;
    try {
      const { step, sha256: hash, ...json } = JSON.parse(new TextDecoder().decode(await host.readFile(`${base}.json`)));
      const bytes = await host.readFile(`${base}.safetensors`);
      if ((await sha256(bytes)) !== hash)
        fail({ code: "checkpoint-damaged", expected: `SHA-256 ${hash}`, got: "another", mend: "use the one before it" });
      return { step, json, tensors: readSafetensors(bytes).tensors };
    } catch (error) {
      onWarning(`checkpoint ${base} is damaged and passed over: ${(error as Error).message}`);
    }
  }
  return null;
}
