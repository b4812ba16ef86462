/**
 * The memory that a whole audit of a ResNet-18 takes: 1,000 images of 32×32, the standard preset, to the end. Random weights, the mean logits taken off so that
 * all classes occur, and the model's own answers as labels: what is kept and computed is the same as of a trained one.
 *   npx tsx --conditions=source bench/audit-memory.ts MODELS      (MODELS: made by bench/models.py)
 * Writes bench/audit-memory.json. Linux: the peak is the process's VmHWM.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fold, seedKey, tensor, uniform } from "counterfoil/base";
import { writeNpz } from "counterfoil/data";
import { load } from "counterfoil/model";
import { read, write } from "counterfoil/onnx";
import { builder } from "counterfoil/pass";

const N = Number(process.env.N ?? 1_000);
/** So small that some samples stand to the end, and every attack of the cascade has work. */
const EPSILON = process.env.EPSILON ?? "2/255";
const SIDE = 32;
const COARSE = 4;
const given = resolve(process.argv[2] ?? "models", "resnet18-32.onnx");
const folder = mkdtempSync(join(tmpdir(), "counterfoil-memory-"));

/** Smooth colours: bilinear between a few random ones. */
function picture(i: number): Float32Array {
  const grid = uniform(fold(seedKey(0), i), 3 * (COARSE + 1) ** 2, 0, 1);
  const out = new Float32Array(3 * SIDE * SIDE);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        const [v, u] = [(y * COARSE) / SIDE, (x * COARSE) / SIDE];
        const [j, k] = [Math.floor(v), Math.floor(u)];
        const at = (a: number, b: number) => grid[(c * (COARSE + 1) + a) * (COARSE + 1) + b]!;
        const across = (a: number) => at(a, k) * (1 - (u - k)) + at(a, k + 1) * (u - k);
        out[(c * SIDE + y) * SIDE + x] = across(j) * (1 - (v - j)) + across(j + 1) * (v - j);
      }
  return out;
}

const x = tensor(new Float32Array(N * 3 * SIDE * SIDE), [N, 3, SIDE, SIDE]);
for (let i = 0; i < N; i++) x.data.set(picture(i), i * 3 * SIDE * SIDE);
const file = join(folder, "resnet18-32.onnx");
{
  const model = await load(given);
  const { data } = await model.scores(x);
  const K = model.classes;
  await model.release();
  const e = builder();
  const graph = read(new Uint8Array(readFileSync(given)), e);
  const means = Array.from({ length: K }, (_, c) => data.reduce((sum, v, i) => (i % K === c ? sum + v : sum), 0) / N);
  const y = graph.outputs[0]!;
  writeFileSync(file, write({ ...graph, outputs: [e.Sub(y, e.constant(tensor(means, [1, K])))] }));
}
const model = await load(file);
const labels = await model.labels(x);
await model.release();
const counts = Array.from({ length: 10 }, (_, c) => labels.filter((y) => y === c).length);
writeFileSync(join(folder, "data.npz"), writeNpz({ x, y: { dtype: "int32", shape: [N], data: labels } }));

const start = performance.now();
const args = ["audit", file, "--data", join(folder, "data.npz"), "--epsilon", EPSILON, "--out", join(folder, "audit")];
const child = spawn(process.execPath, [resolve(import.meta.dirname, "../dist/cli/main.js"), ...args], {
  stdio: ["ignore", "ignore", "inherit"],
});
let peak = 0;
const timer = setInterval(() => {
  try {
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0));
  } catch {
    // it has just ended
  }
}, 250);
const code = await new Promise((done) => child.on("close", done));
clearInterval(timer);
const report = JSON.parse(readFileSync(join(folder, "audit/report.json"), "utf8"));
const result = {
  node: process.version,
  cpu: `${cpus().length} × ${cpus()[0]!.model}`,
  n: report.n,
  ensemble: report.ensemble,
  labels: counts,
  robustAccuracy: report.robustAccuracy,
  gradientEvaluations: report.stages.reduce((sum: number, s: { backwards: number }) => sum + s.backwards, 0),
  exitCode: code,
  minutes: Number(((performance.now() - start) / 60_000).toFixed(1)),
  peakGiB: Number((peak / 2 ** 20).toFixed(2)),
};
writeFileSync(new URL("audit-memory.json", import.meta.url), `${JSON.stringify(result, null, 1)}\n`);
process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
rmSync(folder, { recursive: true });
