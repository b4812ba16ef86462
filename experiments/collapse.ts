/** Failures that were brought about, and whether they are found: `npx tsx --conditions=source experiments/collapse.ts` → collapse.json, collapse.md. False alarms: the healthy runs of defaults.json */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { seedKey } from "../src/base/index.ts";
import { loadPools } from "../src/data/index.ts";
import { type Gan, type RecipeOptions, recipe } from "../src/gan/index.ts";
import { adam, constant } from "../src/optim/index.ts";
import { play } from "./play.ts";
import { measured, table } from "./rows.ts";

const SEEDS = 5;
const STEPS = 2_400;
const rates = (generator: number, discriminator: number, beta1 = 0): Gan["optimisers"] => ({
  generator: { transform: adam({ beta1, beta2: 0.9 }), schedule: constant(generator) },
  discriminator: { transform: adam({ beta1, beta2: 0.9 }), schedule: constant(discriminator) },
});

interface Failure {
  readonly name: string;
  readonly how: string;
  readonly data: string;
  readonly limit?: number;
  readonly steps?: number;
  /** The rule that has to find it. */
  readonly expected: string;
  readonly options: Omit<RecipeOptions, "key">;
}

const failures: readonly Failure[] = [
  {
    name: "collapse on the ring",
    how: "non-saturating loss, no penalty, the generator four times as fast",
    data: "ring8",
    expected: "mode-collapse",
    options: { loss: "non-saturating", regularisers: [], optimisers: rates(4e-3, 1e-3, 0.5), ema: null },
  },
  {
    name: "collapse on the grid",
    how: "non-saturating loss, no penalty",
    data: "grid25",
    expected: "mode-collapse",
    options: { loss: "non-saturating", regularisers: [], optimisers: rates(1e-3, 1e-3, 0.5), ema: null },
  },
  {
    name: "a discriminator that wins",
    how: "saturating loss, ten moves of the discriminator for each, a hundred times the rate",
    data: "ring8",
    expected: "discriminator-won",
    options: { loss: "minimax", regularisers: [], critics: 10, optimisers: rates(1e-5, 1e-3), ema: null },
  },
  {
    name: "a generator that stands still",
    how: "a rate of 1e-9",
    data: "ring8",
    expected: "generator-frozen",
    options: { optimisers: rates(1e-9, 1e-3) },
  },
  {
    name: "circles",
    how: "non-saturating loss, no penalty, rates of 1e-2, β₁ 0.9",
    data: "ring8",
    expected: "oscillation",
    options: { loss: "non-saturating", regularisers: [], optimisers: rates(1e-2, 1e-2, 0.9), ema: null },
  },
  {
    name: "divergence",
    how: "Wasserstein loss with nothing that bounds the critic, rates of 0.1",
    data: "ring8",
    expected: "divergence",
    options: { loss: "wasserstein", regularisers: [], optimisers: rates(0.1, 0.1), ema: null },
  },
  {
    name: "copies",
    how: "twenty training samples, 20,000 steps",
    data: "toy:moons",
    limit: 25,
    steps: 20_000,
    expected: "memorisation",
    options: { batch: 20 },
  },
];

interface Row {
  readonly found: readonly string[];
  readonly evidence: readonly string[];
  readonly seconds: number;
}

async function measure(key: string): Promise<Row> {
  const [name, seed] = JSON.parse(key) as [string, number];
  const { data, limit, steps = STEPS, options } = failures.find((f) => f.name === name)!;
  const whole = await loadPools(data, { seed });
  // few to learn from, and as many as ever to be compared with
  const pools = limit === undefined ? whole : { ...whole, train: (await loadPools(data, { seed, limit })).train };
  const { found, verdicts, seconds } = await play(recipe(pools.train, { ...options, key: seedKey(seed) }), pools, {
    steps,
    seed,
    every: steps / 8,
    n: 2_000,
  });
  return { found, evidence: verdicts.filter((v) => v.found).map((v) => `${v.rule}: ${v.evidence}`), seconds };
}

const keyOf = (name: string, seed: number): string => JSON.stringify([name, seed]);
const found = await measured<Row>(
  "collapse",
  failures.flatMap((f) => Array.from({ length: SEEDS }, (_, s) => keyOf(f.name, s))),
  measure,
);
const healthyPath = new URL("./defaults.json", import.meta.url);
const healthy = existsSync(healthyPath) ? (JSON.parse(readFileSync(healthyPath, "utf8")) as Record<string, { found: string[] }>) : {};
const alarms = Object.entries(healthy).filter(([, r]) => r.found.length > 0);
const seen = failures.map((f) => {
  const rows = Array.from({ length: SEEDS }, (_, s) => found.get(keyOf(f.name, s))!);
  const others = [...new Set(rows.flatMap((r) => r.found.filter((rule) => rule !== f.expected)))];
  return { f, hit: rows.filter((r) => r.found.includes(f.expected)).length, any: rows.filter((r) => r.found.length > 0).length, others };
});
const total = failures.length * SEEDS;
writeFileSync(
  new URL("./collapse.md", import.meta.url),
  `# What the rules find

Failures brought about on purpose (${STEPS} steps, seeds 0 to ${SEEDS - 1}), and the rule that has to find each. Regenerate: \`npx tsx --conditions=source experiments/collapse.ts\` (resumes).

${table(
  ["failure", "how", "data", "rule", "found by it", "found by any", "other rules that spoke"],
  seen.map(({ f, hit, any, others }) => [
    f.name,
    f.how,
    f.data,
    f.expected,
    `${hit} of ${SEEDS}`,
    `${any} of ${SEEDS}`,
    others.join(", ") || "–",
  ]),
)}

Recall: ${seen.reduce((s, r) => s + r.hit, 0)} of ${total} by their own rule, ${seen.reduce((s, r) => s + r.any, 0)} of ${total} by any.

The thresholds of the rules were chosen with these failures and these healthy runs at hand: the figures say that they tell these apart, not how they do on others.

False alarms: ${alarms.length} of ${Object.keys(healthy).length} healthy runs (defaults.md)${alarms.length > 0 ? `: ${alarms.map(([k, r]) => `${k} ${r.found.join(", ")}`).join("; ")}` : ""}.
`,
);
console.log("experiments/collapse.md");
