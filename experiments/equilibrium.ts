/** Whether the game comes to rest: `npx tsx --conditions=source experiments/equilibrium.ts` → equilibrium.json, equilibrium.md */
import { writeFileSync } from "node:fs";
import { fold, normal, seedKey } from "../src/base/index.ts";
import { type Mixture, type Pool, ring } from "../src/data/index.ts";
import { r1, r2, recipe } from "../src/gan/index.ts";
import { adam, cosine } from "../src/optim/index.ts";
import { play } from "./play.ts";
import { mean, measured, table } from "./rows.ts";

const SEEDS = 3;
const STEPS = 24_000;
/** Of R1 and R2. */
const GAMMA = 0.3;
const RATE = 5e-4;
/** Eight Gaussians on a ring, wide enough for their neighbours to be felt. */
const mixture: Mixture = { means: ring.means, std: 0.3 };

function drawn(part: string, size: number, seed: number): Pool {
  const off = normal(fold(fold(seedKey(seed), "equilibrium"), part), 2 * size);
  return {
    name: `8 Gaussians, σ 0.3:${part}`,
    size,
    shape: [2],
    range: [-2, 2],
    classes: 0,
    provenance: { source: "8 Gaussians", n: size, seed },
    write(i, out) {
      const [a, b] = mixture.means[i % 8]!;
      out[0] = a + mixture.std * off[2 * i]!;
      out[1] = b + mixture.std * off[2 * i + 1]!;
    },
    label: () => 0,
  };
}

interface Row {
  readonly accuracy: number;
  readonly fresh: number;
  readonly rmse: number;
  readonly coverage: number;
  readonly floor: number;
  readonly seconds: number;
}

async function measure(key: string): Promise<Row> {
  const seed = Number(key);
  const pools = { train: drawn("train", 100_000, seed), test: drawn("test", 10_000, seed), mixture };
  const optimiser = { transform: adam({ beta1: 0, beta2: 0.99 }), schedule: cosine(RATE, STEPS, RATE / 100) };
  const options = { regularisers: [r1(GAMMA), r2(GAMMA)], optimisers: { generator: optimiser, discriminator: optimiser } };
  const { report: r, seconds } = await play(recipe(pools.train, { ...options, key: seedKey(seed) }), pools, { steps: STEPS, seed });
  return {
    accuracy: r!.discriminatorAccuracy!,
    fresh: r!.freshDiscriminatorAccuracy,
    rmse: r!.rmseToOptimal!,
    coverage: r!.coverage,
    floor: r!.floor.coverage,
    seconds,
  };
}

const keys = Array.from({ length: SEEDS }, (_, s) => `${s}`);
const found = await measured<Row>("equilibrium", keys, measure);
const rows = [...found.values()];
const percent = (v: number) => `${(100 * v).toFixed(1)} %`;
writeFileSync(
  new URL("./equilibrium.md", import.meta.url),
  `# Equilibrium

Eight Gaussians of σ 0.3 on the unit circle, the plane pair with RpGAN, R1 and R2 (γ ${GAMMA}), ${STEPS} steps of batch 512, rates falling to a hundredth; 5,000 generated against as many held-out samples; the fresh discriminator sees the
numbers and their waves. Regenerate: \`npx tsx --conditions=source experiments/equilibrium.ts\` (resumes).

${table(
  [
    "seed",
    "discriminator right (wanted 50 ± 2 %)",
    "a fresh one (≤ 55 %)",
    "RMSE of σ(D) to p/(p+q) (≤ 0.05)",
    "coverage (real)",
    "seconds",
  ],
  [
    ...rows.map((r, s) => [
      s,
      percent(r.accuracy),
      percent(r.fresh),
      r.rmse.toFixed(3),
      `${percent(r.coverage)} (${percent(r.floor)})`,
      Math.round(r.seconds),
    ]),
    [
      "mean",
      percent(mean(rows.map((r) => r.accuracy))),
      percent(mean(rows.map((r) => r.fresh))),
      mean(rows.map((r) => r.rmse)).toFixed(3),
      percent(mean(rows.map((r) => r.coverage))),
      "",
    ],
  ],
)}
`,
);
console.log("experiments/equilibrium.md");
