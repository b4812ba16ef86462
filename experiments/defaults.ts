/** The recipe that nobody tuned, seed after seed: `npx tsx --conditions=source experiments/defaults.ts` → defaults.json, defaults.md */
import { writeFileSync } from "node:fs";
import { seedKey } from "../src/base/index.ts";
import { loadPools } from "../src/data/index.ts";
import { recipe } from "../src/gan/index.ts";
import { play } from "./play.ts";
import { mean, measured, table } from "./rows.ts";

/** As many steps as `counterfoil gan --data …` takes. */
const RUNS = [
  { data: "ring8", seeds: 20, steps: 10_000 },
  { data: "grid25", seeds: 5, steps: 10_000 },
  { data: "swiss-roll", seeds: 3, steps: 10_000 },
  { data: "toy:moons", seeds: 3, steps: 10_000 },
  { data: "mnist", seeds: 5, steps: 4_000 },
] as const;

interface Row {
  readonly found: readonly string[];
  readonly modes: number | null;
  readonly highQuality: number | null;
  readonly frechet: number | null;
  readonly floor: number | null;
  readonly precision: number;
  readonly coverage: number;
  readonly fresh: number;
  readonly seconds: number;
}

async function measure(key: string): Promise<Row> {
  const [data, seed] = JSON.parse(key) as [string, number];
  const { steps } = RUNS.find((r) => r.data === data)!;
  const pools = await loadPools(data, { seed });
  const { report: r, found, seconds } = await play(recipe(pools.train, { key: seedKey(seed), steps }), pools, { steps, seed });
  return {
    found,
    modes: r!.modes,
    highQuality: r!.highQuality,
    frechet: r!.frechet,
    floor: r!.frechetFloor,
    precision: r!.precision,
    coverage: r!.coverage,
    fresh: r!.freshDiscriminatorAccuracy,
    seconds,
  };
}

const keyOf = (data: string, seed: number): string => JSON.stringify([data, seed]);
const wanted = process.argv.slice(2).filter((a) => RUNS.some((r) => r.data === a));
const runs = wanted.length > 0 ? RUNS.filter((r) => wanted.includes(r.data)) : RUNS;
const found = await measured<Row>(
  "defaults",
  RUNS.flatMap((r) => Array.from({ length: r.seeds }, (_, s) => keyOf(r.data, s))),
  measure,
  {
    only: (key) => runs.some((r) => r.data === JSON.parse(key)[0]),
  },
);
const percent = (v: number) => `${(100 * v).toFixed(1)} %`;
const least = (rows: readonly Row[], of: (r: Row) => number | null): string => {
  const all = rows.map(of).filter((v) => v !== null);
  return all.length === 0 ? "–" : `${percent(mean(all))} (least ${percent(Math.min(...all))})`;
};
writeFileSync(
  new URL("./defaults.md", import.meta.url),
  `# The default recipe

\`counterfoil gan --data X\` with nothing else, seed after seed, on one thread each; what the rules found and what the metrics say (5,000 generated samples). Regenerate: \`npx tsx --conditions=source experiments/defaults.ts\` (resumes).

${table(
  [
    "data",
    "steps",
    "seeds",
    "no sign of failure",
    "all modes",
    "high quality",
    "precision",
    "coverage",
    "Fréchet distance (real)",
    "a fresh discriminator tells",
    "seconds a run",
  ],
  RUNS.flatMap((r) => {
    const rows = Array.from({ length: r.seeds }, (_, s) => found.get(keyOf(r.data, s))).filter((row) => row !== undefined);
    if (rows.length === 0) return [];
    const of = { ring8: 8, grid25: 25, mnist: 10 }[r.data as "ring8"];
    const frechets = rows.map((row) => row.frechet!);
    return [
      [
        r.data,
        r.steps,
        rows.length,
        `${rows.filter((row) => row.found.length === 0).length} of ${rows.length}`,
        of === undefined ? "–" : `${rows.filter((row) => row.modes === of).length} of ${rows.length}`,
        least(rows, (row) => row.highQuality),
        least(rows, (row) => row.precision),
        least(rows, (row) => row.coverage),
        `${mean(frechets).toPrecision(3)} (${mean(rows.map((row) => row.floor!)).toPrecision(2)})`,
        `${percent(mean(rows.map((row) => row.fresh)))}`,
        Math.round(mean(rows.map((row) => row.seconds))),
      ],
    ];
  }),
)}
`,
);
console.log("experiments/defaults.md");
