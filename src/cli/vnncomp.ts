import { spawn } from "node:child_process";
import { basename, join } from "node:path";
import { defineCommand } from "citty";
import { host } from "#host";
import { fail } from "../base/index.ts";
import { cores } from "../run/index.ts";
import { jsonArg, maybeNumber, withExamples } from "./options.ts";
import { interruptible, meter, printJson, say } from "./output.ts";
import { writable } from "./writable.ts";

interface Instance {
  readonly model: string;
  readonly property: string;
  readonly seconds: number;
}

interface Row extends Instance {
  readonly result: string;
  /** Wall-clock, from the start of its process to its end. */
  readonly took: number;
  /** What is known of it; null where nothing is. */
  readonly truth: string | null;
}

/** No result. */
const INTERRUPTED = "interrupted";

/** Seconds beyond its limit after which an instance's process is killed. */
const GRACE = 2;

/** Milliseconds that a timer can wait; beyond them it would ring at once. */
const LONGEST = 2 ** 31 - 1;

/** What is wrong may have been mended since. */
const ERROR = "error";

const command = defineCommand({
  meta: {
    name: "vnncomp",
    description: "Verify all instances of a benchmark folder (instances.csv), each in a process of its own, and compare.",
  },
  args: {
    folder: { type: "positional", description: "with instances.csv: MODEL,PROPERTY,SECONDS lines", required: true },
    truth: { type: "string", description: "CSV with benchmark, onnx, vnnlib and result columns" },
    csv: { type: "string", description: "write what was found to this file; what is there already is kept, errors are tried again" },
    jobs: { type: "string", description: "instances at the same time (default: all cores)" },
    threads: { type: "string", description: "threads of each (default: all cores shared out)" },
    "limit-seconds": { type: "string", description: "at most so many seconds an instance, whatever the benchmark allows" },
    only: { type: "string", description: "instances whose line holds this text" },
    ...jsonArg,
  },
  async run({ args }) {
    const jobs = maybeNumber("jobs", args.jobs, { least: 1, whole: true }) ?? cores();
    const threads = maybeNumber("threads", args.threads, { least: 1, most: 1024, whole: true }) ?? Math.max(1, Math.floor(cores() / jobs));
    const limit = maybeNumber("limit-seconds", args["limit-seconds"], { above: 0 });
    const instances = (await instancesOf(args.folder)).filter(({ model, property }) => `${model},${property}`.includes(args.only ?? ""));
    if (instances.length === 0)
      fail({
        code: "vnncomp-instances",
        expected: "an instance at least",
        got: `none in ${join(args.folder, "instances.csv")}${args.only === undefined ? "" : ` whose line holds “${args.only}”`}`,
        mend: "name another folder, or other text",
      });
    const truths = args.truth === undefined ? new Map<string, string>() : await truthsOf(args.truth, basename(args.folder));
    const known = args.csv === undefined ? new Map<string, Row>() : await rowsOf(args.csv);
    if (args.csv !== undefined) await writable(args.csv);
    const signal = interruptible();
    const rows: Row[] = [];
    const open: Instance[] = [];
    for (const i of instances) {
      const row = known.get(keyOf(i));
      if (row && row.result !== ERROR) rows.push({ ...row, truth: truths.get(keyOf(i)) ?? null });
      else open.push(i);
    }
    const here = new Set(instances.map(keyOf));
    const others = [...known.values()].filter((row) => !here.has(keyOf(row)));
    if (rows.length > 0) say(`${rows.length} of ${instances.length} instances are in ${args.csv} already`);
    const bar = meter(`verifying ${open.length} instances, ${jobs} at a time`);
    const start = performance.now();
    const total = open.length;
    // one after another: all are written by way of the same file
    let saved = Promise.resolve();
    const work = async (): Promise<void> => {
      for (let next = open.shift(); next !== undefined && !signal.aborted; next = open.shift()) {
        const seconds = Math.min(next.seconds, limit ?? next.seconds);
        const { result, took } = await verified(args.folder, next, seconds, threads, signal);
        // Ctrl-C reaches them too
        if (signal.aborted || result === INTERRUPTED) return;
        rows.push({ ...next, seconds, result, took, truth: truths.get(keyOf(next)) ?? null });
        if (args.csv !== undefined) {
          const table = csvOf([...others, ...rows]);
          saved = saved.then(() => host.writeFile(args.csv!, table));
          await saved;
        }
        bar.update(`${rows.length} of ${instances.length}: ${tally(rows)}`, rows.length - (instances.length - total), total);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
    bar.stop();
    signal.throwIfAborted();
    const wall = (performance.now() - start) / 1000;
    const wrong = rows.filter(isWrong);
    for (const r of wrong) say(`counterfoil: ${r.model} ${r.property} is ${r.truth}, not ${r.result}`);
    const summary = { instances: rows.length, ...countsOf(rows), wallSeconds: wall, jobs };
    if (args.json) printJson({ ...summary, rows });
    else process.stdout.write(`${tally(rows)}; ${wall.toFixed(1)} s of wall time for ${total}, ${jobs} at a time\n`);
    return wrong.length > 0 ? 1 : 0;
  },
});

const keyOf = ({ model, property }: Pick<Instance, "model" | "property">): string => `${model},${property}`;
const isSolved = ({ result }: Row): boolean => result === "sat" || result === "unsat";
const isWrong = (r: Row): boolean => isSolved(r) && (r.truth === "sat" || r.truth === "unsat") && r.result !== r.truth;

function countsOf(rows: readonly Row[]) {
  const count = (ok: (r: Row) => boolean) => rows.filter(ok).length;
  return {
    sat: count((r) => r.result === "sat"),
    unsat: count((r) => r.result === "unsat"),
    unsolved: count((r) => !isSolved(r)),
    right: count((r) => isSolved(r) && r.result === r.truth),
    wrong: count(isWrong),
  };
}

function tally(rows: readonly Row[]): string {
  const { sat, unsat, unsolved, right, wrong } = countsOf(rows);
  const compared = rows.some((r) => r.truth !== null) ? `; of those with a known answer ${right} right, ${wrong} wrong` : "";
  return `${sat} sat, ${unsat} unsat, ${unsolved} unsolved${compared}`;
}

const lines = (text: string): string[][] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(",").map((cell) => cell.trim()));

const textOf = async (path: string): Promise<string> => new TextDecoder().decode(await host.readFile(path));

async function instancesOf(folder: string): Promise<Instance[]> {
  const path = join(folder, "instances.csv");
  return lines(await textOf(path)).map(([model, property, text], i) => {
    const seconds = Number(text);
    if (!property || !(seconds > 0))
      fail({ code: "vnncomp-instances", expected: "MODEL,PROPERTY,SECONDS", got: `line ${i + 1} of ${path}`, mend: "correct it" });
    return { model: clean(model!), property: clean(property!), seconds };
  });
}

/** Benchmarks write some paths with ./ in front. */
const clean = (path: string): string => path.replace(/^\.\//, "");

/** By model and property. Of a table of many benchmarks, the rows of the one that is named like the folder, where there are such. */
async function truthsOf(path: string, benchmark: string): Promise<Map<string, string>> {
  const [head, ...all] = lines(await textOf(path));
  const at = head?.indexOf("benchmark") ?? -1;
  const own = all.filter((cells) => cells[at] === benchmark);
  const rest = own.length > 0 ? own : all;
  const [model, property, result] = ["onnx", "vnnlib", "result"].map((name) => head?.indexOf(name) ?? -1);
  if (model! < 0 || property! < 0 || result! < 0)
    fail({ code: "vnncomp-truth", expected: "a CSV whose first line names onnx, vnnlib and result", got: path, mend: "name the columns" });
  return new Map(rest.map((cells) => [`${clean(cells[model!]!)},${clean(cells[property!]!)}`, cells[result!]!]));
}

const HEAD = "onnx,vnnlib,limit,result,seconds,truth";
const csvOf = (rows: readonly Row[]): string =>
  `${[HEAD, ...rows.map((r) => [r.model, r.property, r.seconds, r.result, r.took.toFixed(2), r.truth ?? ""].join(","))].join("\n")}\n`;

async function rowsOf(path: string): Promise<Map<string, Row>> {
  if ((await host.kind(path)) !== "file") return new Map();
  const [head, ...rest] = lines(await textOf(path));
  if (head?.join(",") !== HEAD)
    fail({
      code: "vnncomp-csv",
      expected: `a file that begins with ${HEAD}`,
      got: path,
      mend: "name another file: this one would be written over",
    });
  const rows = rest.map(
    ([model, property, seconds, result, took, truth]): Row => ({
      model: model!,
      property: property!,
      seconds: Number(seconds),
      result: result!,
      took: Number(took),
      truth: truth || null,
    }),
  );
  return new Map(rows.map((r) => [keyOf(r), r]));
}

/** Verify one instance as a user would, in a process that does not outlive its time. */
function verified(
  folder: string,
  { model, property }: Instance,
  seconds: number,
  threads: number,
  signal: AbortSignal,
): Promise<{ result: string; took: number }> {
  const start = performance.now();
  const words = ["verify", join(folder, model), join(folder, property), "--timeout", `${seconds}`, "--threads", `${threads}`];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const kill = () => void child.kill("SIGKILL");
  const timer = setTimeout(kill, Math.min(1000 * (seconds + GRACE), LONGEST));
  signal.addEventListener("abort", kill);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      const took = (performance.now() - start) / 1000;
      const first = out.split("\n")[0]!;
      if (code === 130) return resolve({ result: INTERRUPTED, took });
      if (code !== 0 && code !== null) say(`counterfoil: ${model} ${property}: ${err.trim().split("\n").at(-1)}`);
      resolve({ result: first !== "" ? first : code === null ? "timeout" : ERROR, took });
    });
  });
}

export default withExamples(command, ["counterfoil vnncomp vnncomp/acasxu --truth vnncomp/truth.csv --csv acasxu.csv --jobs 2"]);
