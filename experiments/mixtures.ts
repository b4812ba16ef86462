/** Rings and grids, on the networks, data and metric of PacGAN: `npx tsx --conditions=source experiments/mixtures.ts` → mixtures.json, mixtures.md */
import { writeFileSync } from "node:fs";
import { fold, seedKey } from "../src/base/index.ts";
import { loadPools } from "../src/data/index.ts";
import { answersOf, countModes, drawLatent, type Gan, game, type RecipeOptions, r1, r2, recipe, trainGan } from "../src/gan/index.ts";
import { adam, constant, cosine, type Schedule } from "../src/optim/index.ts";
import { measured, processorSeconds, table, within } from "./rows.ts";

const SEEDS = 5;
const run = { threads: 1 } as const;
const both = (beta1: number, beta2: number, schedule: Schedule): Gan["optimisers"] => {
  const optimiser = { transform: adam({ beta1, beta2 }), schedule };
  return { generator: optimiser, discriminator: optimiser };
};

interface Method {
  readonly name: string;
  readonly steps: number;
  /** On PacGAN's networks, where nothing else is said. */
  readonly options: Omit<RecipeOptions, "key">;
  readonly published: { readonly ring8: string; readonly grid25: string };
}

/** PacGAN's: Adam 1e-4, β₁ 0.8, batch 100; the 400,000 steps of its 400 epochs are a hundred times ours. */
const FEW = 4_000;
/** R3GAN's objective; γ falls over the training, and the weights are averaged. */
const RPGAN = { loss: "relativistic-paired", regularisers: [r1(0.1, 0.001), r2(0.1, 0.001)], ema: 0.999 } as const;
const methods: readonly Method[] = [
  { name: "GAN", steps: FEW, options: {}, published: { ring8: "6.3 modes, 98.2 %, 0.45", grid25: "17.3 modes, 94.8 %, 0.70" } },
  {
    name: "PacGAN-2",
    steps: FEW,
    options: { pack: 2 },
    published: { ring8: "7.9 modes, 95.6 %, 0.07", grid25: "23.8 modes, 91.3 %, 0.13" },
  },
  {
    name: "PacGAN-4",
    steps: FEW,
    options: { pack: 4 },
    published: { ring8: "7.8 modes, 95.9 %, 0.07", grid25: "24.8 modes, 93.6 %, 0.04" },
  },
  {
    name: "unrolled, 5 steps",
    steps: FEW / 4,
    options: { unroll: 5 },
    published: { ring8: "7.6 modes, 35.6 % (VEEGAN's networks)", grid25: "23.6 modes, 16 % (VEEGAN's networks)" },
  },
  {
    name: "WGAN-GP, λ 0.1",
    steps: FEW / 2,
    options: { loss: "wasserstein-gp", critics: 5, optimisers: both(0, 0.9, constant(1e-4)) },
    published: { ring8: "–", grid25: "–" },
  },
  {
    name: "RpGAN + R1 + R2",
    steps: 12_000,
    options: { ...RPGAN, optimisers: both(0, 0.99, cosine(1e-3, 12_000, 1e-5)) },
    published: { ring8: "–", grid25: "–" },
  },
  {
    name: "RpGAN + R1 + R2 on our plane pair, batch 512",
    steps: 36_000,
    options: { ...RPGAN, model: "plane", optimisers: both(0, 0.99, cosine(2e-3, 36_000, 2e-5)) },
    published: { ring8: "–", grid25: "–" },
  },
];
const DATA = ["ring8", "grid25"] as const;

export interface Row {
  readonly modes: number;
  readonly highQuality: number;
  readonly reverseKl: number | null;
  readonly steps: number;
  readonly seconds: number;
}

async function measure(key: string): Promise<Row> {
  const [name, data, seed] = JSON.parse(key) as [string, string, number];
  const { steps, options } = methods.find((m) => m.name === name)!;
  const pools = await loadPools(data, { seed });
  const gan = game(recipe(pools.train, { model: "pacgan", ...options, key: seedKey(seed) }));
  const each = trainGan(gan, pools.train, { ...run, steps, every: 1_000, seed });
  for (;;) {
    const next = await each.next();
    if (!next.done) continue;
    const points = await answersOf(next.value.generator, drawLatent(gan, 2_500, fold(seedKey(seed), "count")), run);
    const { modes, highQuality, reverseKl } = countModes(points.data, pools.mixture!);
    return { modes, highQuality, reverseKl, steps, seconds: processorSeconds() };
  }
}

const keyOf = (method: Method, data: string, seed: number): string => JSON.stringify([method.name, data, seed]);
const keys = methods.flatMap((m) => DATA.flatMap((d) => Array.from({ length: SEEDS }, (_, s) => keyOf(m, d, s))));
const found = await measured<Row>("mixtures", keys, measure);

const lines = methods.flatMap((m) =>
  DATA.map((d) => {
    const rows = Array.from({ length: SEEDS }, (_, s) => found.get(keyOf(m, d, s))!);
    const of = d === "ring8" ? 8 : 25;
    const both = rows.filter((r) => r.modes === of && r.highQuality >= 0.95).length;
    return [
      m.name,
      d,
      rows[0]!.steps,
      within(
        rows.map((r) => r.modes),
        1,
      ),
      `${within(
        rows.map((r) => 100 * r.highQuality),
        1,
      )} %`,
      rows.every((r) => r.reverseKl !== null)
        ? within(
            rows.map((r) => r.reverseKl!),
            2,
          )
        : "–",
      `${both} of ${SEEDS}`,
      m.published[d],
    ];
  }),
);
writeFileSync(
  new URL("./mixtures.md", import.meta.url),
  `# Ring of 8 and grid of 25

Networks, data (100,000 samples; σ 0.01 and 0.05) and metric (2,500 samples; of high quality within 3σ) of PacGAN (Lin et al. 2018, arXiv:1712.04086, §4.1); published: its Table 1 (400,000 steps, 10 runs), of
unrolled GANs VEEGAN's (Srivastava et al. 2017, arXiv:1705.07761, Table 1), on other networks. Ours: seeds 0 to ${SEEDS - 1}, mean ± standard error, batch 100, at the stated steps of the generator, ${((100 * FEW) / 400_000).toFixed(0)} % of the published for the first rows. RpGAN's:
γ 0.1 → 0.001, Adam β (0, 0.99), rates from 1e-3 (2e-3 on our plane pair, whose networks are 2-128-128-2 and 2-128-128-1 and see the data divided by their range) down to a hundredth, weights averaged. Regenerate: \`npx tsx --conditions=source experiments/mixtures.ts\` (resumes; delete mixtures.json to start again).

${table(["method", "data", "steps", "modes", "high quality", "reverse KL", "all modes and ≥ 95 %", "published: modes, high quality, reverse KL"], lines)}
`,
);
console.log("experiments/mixtures.md");
