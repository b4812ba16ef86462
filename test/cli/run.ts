/** The command line as a user has it, a process of its own; and within this one, which costs no start. */
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../../src/cli/run.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Send SIGINT once this appears on stderr. */
  readonly interruptAt?: RegExp;
  /** Run through a shell command that gets the process's own as "$@". */
  readonly shell?: string;
}

export const folder = (): string => mkdtempSync(join(tmpdir(), "counterfoil-"));

/** Run `counterfoil …args` as built (test/build.ts). */
export function counterfoil(args: readonly string[], { cwd, env, interruptAt, shell }: Options = {}): Promise<Finished> {
  const node = [MAIN, ...args];
  const child = shell
    ? spawn("bash", ["-c", shell, "bash", process.execPath, ...node], { cwd, env: { ...process.env, ...env } })
    : spawn(process.execPath, node, { cwd, env: { ...process.env, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  let interrupted = false;
  child.stderr.on("data", (chunk) => {
    err += chunk;
    if (interruptAt?.test(err) && !interrupted) {
      interrupted = true;
      child.kill("SIGINT");
    }
  });
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}

let turn: Promise<unknown> = Promise.resolve();

/** The same within this process, one at a time, as what is written, the folder and who hears Ctrl-C are the process's own. */
export function inProcess(args: readonly string[], { cwd = process.cwd() }: Pick<Options, "cwd"> = {}): Promise<Finished> {
  const finished = turn.then(() => caught(args, cwd));
  turn = finished.catch(() => {});
  return finished;
}

async function caught(args: readonly string[], cwd: string): Promise<Finished> {
  const { stdout, stderr } = process;
  const [from, toOut, toErr] = [process.cwd(), stdout.write, stderr.write];
  const hearing = SIGNALS.map((name) => process.listeners(name));
  let [out, err] = ["", ""];
  process.chdir(cwd);
  stdout.write = (chunk: unknown) => {
    out += chunk;
    return true;
  };
  stderr.write = (chunk: unknown) => {
    err += chunk;
    return true;
  };
  try {
    const code = await run(args);
    return { code, out, err };
  } finally {
    stdout.write = toOut;
    stderr.write = toErr;
    process.chdir(from);
    for (const [i, name] of SIGNALS.entries())
      for (const listener of process.listeners(name)) if (!hearing[i]!.includes(listener)) process.off(name, listener);
  }
}

/** The one sentence that a refusal says: the last line of stderr, which must be the only one of its kind. */
export function sentence({ err }: Finished): string {
  const lines = err.split("\n").filter((l) => l.startsWith("counterfoil: "));
  if (lines.length !== 1) throw new Error(`expected one sentence, got: ${err}`);
  if (/\n\s+at /.test(err)) throw new Error(`a stack trace: ${err}`);
  return lines[0]!;
}
