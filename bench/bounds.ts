/**
 * CROWN bounds beside auto_LiRPA's, in one run: `PYTHON=python npx tsx --conditions=source bench/bounds.ts [MODEL]` → bounds.json. PYTHON has torch, onnx and auto_LiRPA.
 * Lower bounds of each label's margins of MNIST's first 100 test images, all enclosures by backward bounds; both sides on two threads, in pairs of fresh processes that take turns.
 */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { median } from "./side.ts";

const PAIRS = 5;
const REPEATS = 2;
const BATCH = 100;
const EPSILON = 0.1;
const THREADS = 2;
const here = import.meta.dirname;
const model = resolve(process.argv[2] ?? `${here}/../test/golden/attacks/at.onnx`);

/** One process a thread, each with its part of the images: milliseconds until the last is done, again and again. */
async function ours() {
  const parts = Array.from({ length: THREADS }, (_, t) => {
    const [from, to] = [Math.round((t * BATCH) / THREADS), Math.round(((t + 1) * BATCH) / THREADS)];
    const args = ["--conditions=source", "--import", "tsx", `${here}/bounds-ours.ts`, model, `${from}`, `${to}`, `${EPSILON}`];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  const round = () =>
    Promise.all(
      parts.map(async ({ child, lines }) => {
        child.stdin.write("\n");
        return JSON.parse((await lines.next()).value as string) as { milliseconds: number; certified: number; least: number[] };
      }),
    );
  const times: number[] = [];
  let last = await round(); // a warm-up
  for (let r = 0; r < REPEATS; r++) {
    last = await round();
    times.push(Math.max(...last.map((p) => p.milliseconds)));
  }
  for (const { child } of parts) child.stdin.end();
  return { times, certified: last.reduce((n, p) => n + p.certified, 0) / BATCH, least: last[0]!.least };
}

function theirs(): { name: string; times: number[]; certified: number; least: number[] } {
  const args = [`${here}/bounds_peer.py`, model, "--batch", `${BATCH}`, "--epsilon", `${EPSILON}`, "--threads", `${THREADS}`];
  const { stdout, status } = spawnSync(process.env.PYTHON ?? "python3", [...args, "--repeats", `${REPEATS}`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`the peer ended with ${status}: PYTHON must have torch, onnx and auto_LiRPA`);
  return JSON.parse(stdout);
}

const pairs = [];
for (let p = 0; p < PAIRS; p++) {
  const pair = { ours: await ours(), theirs: theirs() };
  pairs.push(pair);
  console.error(
    `pair ${p + 1} of ${PAIRS}: ours ${median(pair.ours.times).toFixed(0)} ms, ${pair.theirs.name} ${median(pair.theirs.times).toFixed(0)} ms`,
  );
}
const [mine, other] = [median(pairs.flatMap((p) => p.ours.times)), median(pairs.flatMap((p) => p.theirs.times))];
const result = {
  machine: `${cpus()[0]!.model}, ${THREADS} threads, Node ${process.version}`,
  peer: pairs[0]!.theirs.name,
  model: model.slice(resolve(here, "..").length + 1),
  batch: BATCH,
  epsilon: EPSILON,
  ours: Math.round(mine),
  theirs: Math.round(other),
  ratio: Number((other / mine).toFixed(2)),
  certified: { ours: pairs[0]!.ours.certified, theirs: pairs[0]!.theirs.certified },
  least: { ours: pairs[0]!.ours.least.map((v) => Number(v.toFixed(5))), theirs: pairs[0]!.theirs.least },
  milliseconds: { ours: pairs.map((p) => p.ours.times.map(Math.round)), theirs: pairs.map((p) => p.theirs.times) },
};
writeFileSync(`${here}/bounds.json`, `${JSON.stringify(result, null, 1)}\n`);
console.log(JSON.stringify(result, null, 1));
