/**
 * The public benchmarks of verifiers, each instance in its own process of two threads and within its own limit, MNIST's alone, others two at a time:
 * `npm run build && npx tsx --conditions=source experiments/vnncomp.ts [FOLDER …]` → vnncomp.json, vnncomp.md. Goes on where it was (runs/vnncomp).
 * COUNTERFOIL_VNNCOMP names the folder of the benchmarks, with truth.csv and cex.jsonl.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { graphFor, readSpecification, replayer } from "../src/verify/index.ts";
import { table } from "./rows.ts";

const FOLDER = process.env.COUNTERFOIL_VNNCOMP ?? "../shared/vnncomp";
const RUNS = "runs/vnncomp";
/** What others solved of as many, where it is published. */
const PUBLISHED: Readonly<Record<string, string>> = {
  acasxu: "186: nnenum, VeriNet, α,β-CROWN (2021); 171: ERAN",
  mnist_fc: "84: α,β-CROWN; 71: VeriNet, MN-BaB; 60: Marabou; 59: nnenum (2022)",
  test: "–",
};
const BENCHMARKS = ["test", "acasxu", "mnist_fc"] as const;
/** Instances at a time. What takes minutes has the machine to itself, as in the competition. */
const JOBS = { test: "2", acasxu: "2", mnist_fc: "1" } as const;

interface Row {
  readonly model: string;
  readonly property: string;
  readonly result: string;
  readonly seconds: number;
  /** Seconds that it was given. */
  readonly limit?: number;
}

interface Summary {
  readonly sat: number;
  readonly unsat: number;
  readonly unsolved: number;
  readonly right: number;
  readonly wrong: number;
  /** Of all instances' own processes, one after another. */
  readonly seconds: number;
  readonly slowest: number;
  /** Of the command; null where it went on from an earlier one. */
  readonly wall: number | null;
  readonly rows: readonly Row[];
}

const path = new URL("./vnncomp.json", import.meta.url);
interface Found {
  machine: string;
  benchmarks: Record<string, Summary>;
  replayed: { valid: number; of: number };
  /** One search alone on all cores. */
  pace?: { parts: number; seconds: number };
}
const found: Found = existsSync(path)
  ? JSON.parse(readFileSync(path, "utf8"))
  : { machine: "", benchmarks: {}, replayed: { valid: 0, of: 0 } };
found.machine = `${cpus()[0]!.model}, ${cpus().length} threads, Node ${process.version}`;

/** The one document that a command prints. */
function counterfoil(words: readonly string[]) {
  const { stdout, status } = spawnSync(process.execPath, ["dist/cli/main.js", ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
  });
  if (status === null || status > 1) throw new Error(`${words[0]} ended with ${status}`);
  // verify's verdict comes first
  return JSON.parse(`${stdout}`.replace(/^[a-z]+\n/, ""));
}

mkdirSync(RUNS, { recursive: true });
const asked = process.argv.slice(2);
for (const name of BENCHMARKS.filter((b) => asked.length === 0 || asked.includes(b))) {
  const words = [
    "vnncomp",
    join(FOLDER, name),
    "--truth",
    join(FOLDER, "truth.csv"),
    "--csv",
    join(RUNS, `${name}.csv`),
    "--jobs",
    JOBS[name],
    "--threads",
    "2",
    "--json",
  ];
  const before = existsSync(join(RUNS, `${name}.csv`));
  const { sat, unsat, unsolved, right, wrong, rows, wallSeconds } = counterfoil(words);
  const wall = before ? (found.benchmarks[name]?.wall ?? null) : wallSeconds;
  const own: Row[] = rows.map((r: Omit<Row, "limit"> & { took: number }) => ({
    model: r.model,
    property: r.property,
    result: r.result,
    seconds: r.took,
    limit: r.seconds,
  }));
  const seconds = own.reduce((sum, r) => sum + r.seconds, 0);
  const slowest = own.filter((r) => r.result === "sat" || r.result === "unsat").reduce((most, r) => Math.max(most, r.seconds), 0);
  found.benchmarks[name] = { sat, unsat, unsolved, right, wrong, seconds, slowest, wall, rows: own };
  if (name === "acasxu") {
    const [model, property] = [join(FOLDER, name, "onnx/ACASXU_run2a_3_3_batch_2000.onnx"), join(FOLDER, name, "vnnlib/prop_2.vnnlib")];
    const { parts, seconds } = counterfoil(["verify", model, property, "--timeout", "116", "--json"]);
    found.pace = { parts, seconds };
  }
}

// the counterexamples that others found and that were replayed, by our own replay on the files
const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(file));
let [valid, of] = [0, 0];
for (const line of readFileSync(join(FOLDER, "cex.jsonl"), "utf8").trim().split("\n")) {
  const { benchmark, onnx, vnnlib, x } = JSON.parse(line) as { benchmark: string; onnx: string; vnnlib: string; x: number[] };
  if (!existsSync(join(FOLDER, benchmark))) continue;
  const model = { bytes: bytesOf(join(FOLDER, benchmark, onnx)), path: onnx };
  const query = await readSpecification(bytesOf(join(FOLDER, benchmark, vnnlib)), vnnlib, { decimals: "float64" });
  const replay = await replayer(model, graphFor(model, query), query.specification);
  const { violated } = await replay.run(Float32Array.from(x));
  await replay.release();
  of++;
  if (violated) valid++;
}
found.replayed = { valid, of };
writeFileSync(path, `${JSON.stringify(found, null, 1)}\n`);

const names = BENCHMARKS.filter((b) => found.benchmarks[b]);
const unsolved = names.flatMap((b) =>
  found.benchmarks[b]!.rows.filter((r) => r.result !== "sat" && r.result !== "unsat").map(
    (r) => `${r.model.replace(/^.*\/|\.onnx$/g, "")} ${r.property.replace(/^.*\/|\.vnnlib$/g, "")} (${r.limit ?? "?"})`,
  ),
);
writeFileSync(
  new URL("./vnncomp.md", import.meta.url),
  `# Public benchmarks of verifiers

Each instance is verified by the command line in a process of its own, within the benchmark's own limit (ACAS Xu 116 s; MNIST 120 s and 300 s), with two threads, MNIST's one at a time and the others two at a time; seconds are wall-clock and include the start of
the process; the wall time of all is the command's own. Right and wrong: against the answers on which independent tools agree. ${found.machine}. Counterexamples of others replayed on the files, with decimals read as float64: ${valid} of ${of} valid.
Regenerate: \`npm run build && npx tsx --conditions=source experiments/vnncomp.ts\` (goes on where it was).

${table(
  [
    "benchmark",
    "instances",
    "sat",
    "unsat",
    "unsolved",
    "right",
    "wrong",
    "seconds of all, added",
    "wall time of all, s",
    "slowest solved, s",
    "published",
  ],
  names.map((b) => {
    const s = found.benchmarks[b]!;
    return [
      b,
      s.rows.length,
      s.sat,
      s.unsat,
      s.unsolved,
      s.right,
      s.wrong,
      s.seconds.toFixed(0),
      s.wall?.toFixed(0) ?? "–",
      s.slowest.toFixed(1),
      PUBLISHED[b]!,
    ];
  }),
)}

${found.pace ? `Pace: 3_3–prop_2 of ACAS Xu, alone on all cores, takes ${found.pace.parts} boxes in ${found.pace.seconds.toFixed(1)} s, ${Math.round(found.pace.parts / found.pace.seconds)} a second.\n` : ""}
Unsolved, with the seconds that each was given: ${unsolved.length === 0 ? "none" : unsolved.join(", ")}.
`,
);
console.log("experiments/vnncomp.md");
