/** Stacked MNIST at what two cores can do: `npx tsx --conditions=source experiments/stacked.ts` → stacked.json, stacked.md */
import { writeFileSync } from "node:fs";
import { seedKey } from "../src/base/index.ts";
import { loadPools } from "../src/data/index.ts";
import { digits, klFromUniform, type RecipeOptions, r1, r2, recipe, sourceOf, stacked, trainGan } from "../src/gan/index.ts";
import { adam, constant } from "../src/optim/index.ts";
import { measured, processorSeconds, table } from "./rows.ts";

const STEPS = 3_000;
const SAMPLES = 26_000;
const PART = 1_000;
const run = { threads: 1 } as const;

/** Widths of generator and discriminator; the second as Metz et al. 2017 (arXiv:1611.02163, §3.3.1) have it, who bring about collapse so. */
const WIDTHS = [
  [32, 32],
  [32, 8],
] as const;

interface Method {
  readonly name: string;
  readonly options: Omit<RecipeOptions, "key">;
  /** By WIDTHS. */
  readonly published: readonly [string, string];
}
const optimiser = { transform: adam({ beta1: 0, beta2: 0.99 }), schedule: constant(1e-3) };
const methods: readonly Method[] = [
  {
    name: "DCGAN",
    options: {},
    published: ["78.9 ± 6.5 modes, KL 4.50 (PacGAN's Table 2); 99, 3.4 (VEEGAN's)", "30.6 ± 20.7 modes, KL 5.99 (Metz et al.)"],
  },
  { name: "PacDCGAN-2", options: { pack: 2 }, published: ["1000 ± 0 modes, KL 0.06", "–"] },
  {
    name: "RpGAN + R1 + R2",
    options: {
      loss: "relativistic-paired",
      regularisers: [r1(1, 0.1), r2(1, 0.1)],
      norm: "none",
      optimisers: { generator: optimiser, discriminator: optimiser },
      ema: 0.999,
    },
    published: ["1000 modes, KL 0.078 (R3GAN's Table 1: 20 M parameters, 10 M images)", "–"],
  },
];

interface Row {
  readonly modes: number;
  readonly kl: number;
  readonly seconds: number;
}

const keyOf = (name: string, [, d]: (typeof WIDTHS)[number]): string => (d === 32 ? name : `${name}, a quarter`);

async function measure(key: string): Promise<Row> {
  const { name, options } = methods.find((m) => WIDTHS.some((w) => keyOf(m.name, w) === key))!;
  const widths = WIDTHS.find((w) => keyOf(name, w) === key)!;
  const { train } = await loadPools("stacked-mnist");
  const [gan, judge] = widths.map((width) => recipe(train, { model: "dcgan", width, ...options, key: seedKey(0) }));
  const played = { ...gan!, discriminator: judge!.discriminator };
  const each = trainGan(played, train, { ...run, steps: STEPS, every: 1_000 });
  for (;;) {
    const next = await each.next();
    if (!next.done) {
      if (next.value.step % 200 === 0)
        console.error(`${key}: step ${next.value.step} of ${STEPS}, ${Math.ceil(next.value.secondsLeft / 60)} min left`);
      continue;
    }
    const known = stacked(await digits(run));
    const source = sourceOf(played, next.value, run);
    const counts = new Array<number>(1_000).fill(0);
    for (let at = 0; at < SAMPLES; at += PART)
      for (const c of (await known.answers((await source.sample(PART, at)).x)).classes!) counts[c]!++;
    return { modes: counts.filter((c) => c > 0).length, kl: klFromUniform(counts)!, seconds: processorSeconds() };
  }
}

const found = await measured<Row>(
  "stacked",
  WIDTHS.flatMap((w) => methods.map((m) => keyOf(m.name, w))),
  measure,
);
const section = (widths: (typeof WIDTHS)[number], k: 0 | 1, title: string): string => {
  const of = (name: string) => found.get(keyOf(name, widths));
  const [plain, ours] = [of("DCGAN"), of("RpGAN + R1 + R2")];
  return `## ${title}

${table(
  ["method", "modes of 1,000", "KL", "minutes on one thread", "published"],
  methods.flatMap((m) => {
    const r = of(m.name);
    return r ? [[m.name, r.modes, r.kl.toFixed(2), Math.round(r.seconds / 60), m.published[k]]] : [];
  }),
)}
${plain && ours ? `\nRpGAN + R1 + R2 covers ${(ours.modes / plain.modes).toFixed(1)} times the modes of plain DCGAN.\n` : ""}`;
};
writeFileSync(
  new URL("./stacked.md", import.meta.url),
  `# Stacked MNIST: 1,000 modes

DCGAN's networks at half their width (32), [3, 28, 28], batch 64, ${STEPS} steps of the generator (${STEPS * 64} images; PacGAN: 50 passes over 128,000, two moves of the generator for each), seed 0; ${SAMPLES} samples, classes by models/mnist-cnn.onnx
(its accuracy is in its metadata), KL(p ‖ uniform) in nats. Published figures are of larger networks and longer training. Regenerate: \`npx tsx --conditions=source experiments/stacked.ts\` (resumes).

${section(WIDTHS[0], 0, "Both networks of one width")}
${section(WIDTHS[1], 1, "A discriminator of a quarter of the width")}`,
);
console.log("experiments/stacked.md");
