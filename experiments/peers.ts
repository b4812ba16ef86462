/**
 * Our attacks beside other people's, on the models, inputs and budgets of test/golden/attacks:
 *   npx tsx --conditions=source experiments/peers.ts [part of an attack's name…]
 * A row is an attack on a model in a norm; it holds where our success rate is no worse than the best reference's less 1 point (of few samples: less one
 * sample), or our median distance within 2 % of the best. Of an attack that draws at random, whose references were drawn from several seeds, means are compared. Writes experiments/peers.json, run by run, and peers.md; what is there is not run again, but for names that are given.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  type Attack,
  apgdCe,
  apgdDlr,
  apgdTargeted,
  attack,
  bim,
  boundary,
  carliniWagnerL2,
  carliniWagnerLinf,
  ddn,
  deepfool,
  diFgsm,
  ead,
  fab,
  fgsm,
  fmn,
  geoda,
  hopSkipJump,
  jsma,
  miFgsm,
  type NormName,
  nes,
  niFgsm,
  norms,
  pgd,
  spsa,
  square,
} from "counterfoil/attack";
import { cascade, ensembleFor, inMemory } from "counterfoil/audit";
import { type Tensor, take, tensor } from "counterfoil/base";
import { mnist } from "counterfoil/data";
import { openClassifier } from "counterfoil/model";

interface Reference {
  readonly model: string;
  readonly attack: string;
  readonly norm: NormName;
  readonly library: string;
  /** Of attacks in a ball. */
  readonly epsilon?: number;
  readonly parameters: Readonly<Record<string, number>>;
  readonly n: number;
  readonly forwards?: number;
  readonly success: number;
  /** Of attacks that seek the least: over all n, failures infinitely far; null is infinite. */
  readonly median?: number | null;
  /** The success rate, or the median, from each of several seeds, this one's first. */
  readonly draws?: readonly (number | null)[];
}

const golden = new URL("../test/golden/attacks/", import.meta.url);
const json = (url: URL) => JSON.parse(readFileSync(url, "utf8"));
const references = (json(new URL("references.json", golden)).runs as Reference[]).filter((r) => r.norm !== null);
const inputs = json(new URL("inputs.json", golden)) as Record<
  string,
  { indices: number[]; labels: number[]; x?: { shape: number[]; data: number[] } }
>;

/** Ours of the same name and budget. */
const share = (r: Reference, otherwise: number) => r.parameters.rel_stepsize ?? otherwise;
const ours: Readonly<Record<string, (r: Reference) => Attack<never> | readonly [Attack<never>, number]>> = {
  fgsm: () => fgsm() as never,
  "bim-10": () => bim({ steps: 10, relativeStep: 0.2 }) as never,
  "pgd-40": (r) => pgd({ steps: 40, relativeStep: share(r, r.norm === "linf" ? 1 / 30 : 1 / 16) }) as never,
  "pgd-100": () => pgd({ steps: 100 }) as never,
  "sparse-l1-descent-100": () => pgd({ steps: 100, share: 0.05, relativeStep: 0.05 }) as never,
  "pgd-100x5": () => [pgd({ steps: 100, relativeStep: 0.025 }) as never, 5],
  "mi-fgsm-10": () => miFgsm({ steps: 10, relativeStep: 0.1 }) as never,
  "ni-fgsm-10": () => niFgsm({ steps: 10, relativeStep: 0.1 }) as never,
  "di-fgsm-10": () => diFgsm({ steps: 10, relativeStep: 0.1 }) as never,
  "apgd-ce": () => apgdCe() as never,
  "apgd-dlr": () => apgdDlr() as never,
  "apgd-t": () => apgdTargeted() as never,
  "fab-t": () => fab({ stopWithin: true }) as never,
  fab: () => fab() as never,
  "square-1000": () => square({ queries: 1000 }) as never,
  "nes-40": () => nes({ queries: 4041 }) as never,
  "spsa-40": () => spsa({ queries: 10_240 }) as never,
  "fmn-200": () => fmn({ steps: 200 }) as never,
  "deepfool-50": () => deepfool({ steps: 50 }) as never,
  "ddn-200": () => ddn({ steps: 200 }) as never,
  "cw-6x300": () => carliniWagnerL2({ steps: 300, rounds: 6 }) as never,
  cw: () => carliniWagnerLinf() as never,
  "ead-l1-9x100": () => ead({ steps: 100, rounds: 9 }) as never,
  "jsma-targeted": () => jsma() as never,
  "boundary-3000": () => boundary({ queries: 3343 }) as never,
  "hop-skip-jump-30": () => hopSkipJump({ queries: 11_600 }) as never,
  "geoda-4000": () => geoda({ queries: 4000 }) as never,
};

interface Row {
  readonly key: string;
  readonly model: string;
  readonly attack: string;
  readonly norm: NormName;
  readonly epsilon: number | null;
  /** The reference that does best, and ours on the same samples. */
  readonly best: { readonly from: string; readonly n: number; readonly value: number | null; readonly forwards: number | null };
  readonly ours: number | null;
  readonly measure: "success" | "median";
  readonly forwards: number;
  readonly holds: boolean;
  /** From so many seeds on both sides: values are means, of which these are the standard errors. */
  readonly draws?: { readonly seeds: number; readonly ours: number; readonly best: number };
}

const groups = new Map<string, Reference[]>();
for (const r of references) {
  if (!(r.attack in ours) && r.attack !== "autoattack") continue;
  const key = [r.model, r.attack, r.norm, r.epsilon ?? "least"].join(" ");
  groups.set(key, [...(groups.get(key) ?? []), r]);
}

const file = new URL("peers.json", import.meta.url);
const known = new Map<string, Row>((existsSync(file) ? (json(file).rows as Row[]) : []).map((r) => [r.key, r]));
const again = process.argv.slice(2);
const digits = (await mnist("test")).x;

const samples = (model: string, n: number): { x: Tensor<"float32">; labels: Int32Array } => {
  const { indices, labels, x } = inputs[model]!;
  const all = x ? tensor(x.data, x.shape) : take(digits, indices);
  return {
    x: take(
      all,
      Array.from({ length: n }, (_, i) => i),
    ),
    labels: Int32Array.from(labels.slice(0, n)),
  };
};

/** Of the first n: the share turned within ε, or the lower middle distance. */
function measured(results: readonly { success: boolean; distance: number | null }[], n: number, bounded: boolean): number | null {
  const first = results.slice(0, n);
  if (bounded) return first.filter((s) => s.success).length / n;
  const distances = first.map((s) => (s.success ? s.distance! : Number.POSITIVE_INFINITY)).sort((a, b) => a - b);
  const median = distances[Math.floor((n - 1) / 2)]!;
  return Number.isFinite(median) ? median : null;
}

const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const standardError = (v: readonly number[]): number => {
  const m = mean(v);
  return Math.sqrt(v.reduce((a, b) => a + (b - m) ** 2, 0) / Math.max(v.length - 1, 1) / v.length);
};

for (const [key, group] of groups) {
  const name = group[0]!.attack;
  if (known.has(key) && !again.some((part) => name.includes(part))) continue;
  if (again.length > 0 && !again.some((part) => name.includes(part))) continue;
  const { model: modelName, norm, epsilon } = group[0]!;
  const bounded = epsilon !== undefined;
  const model = await openClassifier(new Uint8Array(readFileSync(new URL(`${modelName}.onnx`, golden))));
  const data = samples(modelName, Math.max(...group.map((r) => r.n)));
  type Results = readonly { success: boolean; distance: number | null; forwards: number }[];
  let results: Results;
  let withSeed: ((seed: number) => Promise<Results>) | undefined;
  if (name === "autoattack") {
    const predicted = await model.labels(data.x);
    const each = cascade(model, data, { norm: norms[norm], epsilon: epsilon!, ensemble: ensembleFor(model), units: inMemory(), predicted });
    let step = await each.next();
    while (!step.done) step = await each.next();
    results = step.value.samples.map((s) => ({ ...s, success: !s.robust }));
  } else {
    const targeted = name === "jsma-targeted";
    const made = ours[name]!(group[0]!);
    const [chosen, restarts] = Array.isArray(made) ? (made as [Attack<never>, number]) : [made as Attack<never>, 1];
    const targets = targeted ? data.labels.map((y) => (y + 1) % model.classes) : undefined;
    const run = async (seed: number): Promise<Results> =>
      (await attack(model, data, { attack: chosen as never, norm: norms[norm], epsilon, restarts, seed, ...(targets && { targets }) }))
        .samples;
    results = await run(0);
    if (!chosen.deterministic) withSeed = run;
  }
  const value = (r: Reference): number => (bounded ? r.success : (r.median ?? Number.POSITIVE_INFINITY));
  const drawn = (r: Reference): readonly number[] => r.draws?.map((v) => v ?? Number.POSITIVE_INFINITY) ?? [value(r)];
  const seeds = withSeed ? Math.max(...group.map((r) => drawn(r).length)) : 1;
  const runs = [results];
  for (let seed = 1; seed < seeds; seed++) runs.push(await withSeed!(seed));
  const sign = bounded ? -1 : 1;
  // a reference on few samples is beaten on those: every one has to hold, the narrowest is shown
  const rows = [...group]
    .sort((p, q) => sign * (mean(drawn(p)) - mean(drawn(q))))
    .map((r): Row => {
      const { library: from } = r;
      const each = runs.map((run) => measured(run, r.n, bounded) ?? Number.POSITIVE_INFINITY);
      const [mine, theirs] = [mean(each), mean(drawn(r))];
      const finite = (v: number) => (Number.isFinite(v) ? v : null);
      return {
        key,
        model: modelName,
        attack: name,
        norm,
        epsilon: epsilon ?? null,
        best: { from, n: r.n, value: finite(theirs), forwards: r.forwards ?? null },
        ours: finite(mine),
        measure: bounded ? "success" : "median",
        forwards: results.reduce((t, s) => t + s.forwards, 0) / results.length,
        holds: bounded
          ? mine >= theirs - Math.max(0.01, 1 / r.n) - 1e-9
          : theirs === Number.POSITIVE_INFINITY || mine <= theirs * 1.02 + 1e-9,
        ...(seeds > 1 && { draws: { seeds, ours: standardError(each), best: standardError(drawn(r)) } }),
      };
    });
  const row = rows.find((r) => !r.holds) ?? rows[0]!;
  await model.release();
  known.set(key, row);
  process.stderr.write(
    `${row.holds ? " " : "✗"} ${key}: ours ${row.ours?.toPrecision(4)}, ${row.best.from} ${row.best.value?.toPrecision(4)} (n = ${row.best.n})\n`,
  );
  writeFileSync(file, `${JSON.stringify({ rows: [...known.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) }, null, 1)}\n`);
}

const rows = [...known.values()].sort((a, b) => (a.attack + a.key < b.attack + b.key ? -1 : 1));
const show = (v: number | null, measure: string, error?: number) => {
  if (v === null) return "∞";
  const [scale, digits] = measure === "success" ? [100, 1] : [1, 4];
  const text = measure === "success" ? (scale * v).toFixed(digits) : v.toPrecision(digits);
  return `${text}${error === undefined ? "" : ` ± ${measure === "success" ? (scale * error).toFixed(1) : error.toPrecision(1)}`}${measure === "success" ? " %" : ""}`;
};
writeFileSync(
  new URL("peers.md", import.meta.url),
  `# Attacks beside other implementations

Made by \`npx tsx --conditions=source experiments/peers.ts\` from [test/golden/attacks](../test/golden/attacks/README.md): the same models, inputs and budgets; of the
references of an attack the best, or the one that ours falls short of. A success rate holds at the best less 1 point (of fewer than 100 samples: less one sample), a median distance at the best plus 2 %.

${rows.filter((r) => r.holds).length} of ${rows.length} rows hold. Where one draw of ours fell short of one draw of theirs, both were drawn from ${Math.max(...rows.map((r) => r.draws?.seeds ?? 1))} seeds (${rows.filter((r) => r.draws).length} rows), and
the means, given with their standard errors, decide. What held at the first draw was not drawn again.

| attack | model | norm | ε | measure | ours | reference | n | forwards ours / theirs | holds |
|---|---|---|---|---|---|---|---|---|---|
${rows
  .map(
    (r) =>
      `| ${r.attack} | ${r.model} | ${r.norm} | ${r.epsilon ?? "–"} | ${r.measure} | ${show(r.ours, r.measure, r.draws?.ours)} | ${show(r.best.value, r.measure, r.draws?.best)} (${r.best.from}) | ${r.best.n} | ${r.forwards.toFixed(0)} / ${r.best.forwards?.toFixed(0) ?? "–"} | ${r.holds ? "yes" : "**no**"} |`,
  )
  .join("\n")}
`,
);
process.exitCode = rows.every((r) => r.holds) ? 0 : 1;
