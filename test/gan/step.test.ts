/** A step of the game, in closed form: G(z) = g·z, D(x) = d·x + c. What a loss says is written down again here, and its slope taken by differences. */
import { describe, expect, test } from "vitest";
import { full, numbers, seedKey, type Tensor, tensor } from "../../src/base/index.ts";
import { type Gan, game, ganStep, objectives, type Regulariser, r1, r2, regularisers } from "../../src/gan/index.ts";
import { batchNorm, dense, sequential } from "../../src/nn/index.ts";
import { constant, sgd } from "../../src/optim/index.ts";

const B = 4;
const real = [1.5, -0.3, 0.8, 2];
const z = [0.4, -1.2, 0.9, -0.1];
const at = { g: 0.7, d: -0.4, c: 0.2 };
const rates = { generator: 0.1, discriminator: 0.05 };
type Point = typeof at;

const scalar = (w: number) => tensor([w], [1, 1]);
const generator = dense(1, { init: () => scalar(at.g), bias: false })([1], seedKey(0));
const discriminator = dense(1, { init: () => scalar(at.d), bias: () => tensor([at.c], [1]) })([1], seedKey(0));
const players = (options: Partial<Gan>): Gan =>
  game({
    latent: { size: 1, draw: { kind: "normal" } },
    generator,
    discriminator,
    objective: objectives["non-saturating"](),
    optimisers: {
      generator: { transform: sgd(), schedule: constant(rates.generator) },
      discriminator: { transform: sgd(), schedule: constant(rates.discriminator) },
    },
    batch: B,
    ...options,
  });

const column = (xs: readonly number[]): Tensor => tensor([...xs], [xs.length, 1]);

/** Metrics of one step, and where it leads. */
async function stepped(gan: Gan, noise: readonly (readonly number[])[] = []) {
  const step = await ganStep(gan, { threads: 1 });
  const shapes = step.noise.map((n) => n.value.type.shape);
  const drawn = [z, ...noise].map((values, i) => tensor([...values], shapes[i]!));
  expect(drawn.length).toBe(shapes.length);
  const reals = Array.from({ length: gan.critics }, () => column(real));
  const [out] = await step.program.steps([[...reals, full([], rates.generator), full([], rates.discriminator), full([], 0), ...drawn]]);
  const state = new Map(step.program.read().map((t, i) => [step.names[i]!, numbers(t)[0]!]));
  const metrics = Object.fromEntries(step.metrics.map((m, i) => [m, numbers(out![i]!)[0]!]));
  await step.program.release();
  const now: Point = {
    g: state.get("generator/param/weight")!,
    d: state.get("discriminator/param/weight")!,
    c: state.get("discriminator/param/bias")!,
  };
  return { metrics, now, state };
}

const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
const softplus = (t: number) => Math.log1p(Math.exp(-Math.abs(t))) + Math.max(t, 0);
const fakes = (g: number) => z.map((v) => g * v);
const logits = ({ d, c }: Point, xs: readonly number[]) => xs.map((x) => d * x + c);
const slope = (f: (p: Point) => number, p: Point, of: keyof Point) =>
  (f({ ...p, [of]: p[of] + 1e-5 }) - f({ ...p, [of]: p[of] - 1e-5 })) / 2e-5;

type Loss = (real: number[], fake: number[]) => number;
const each = (f: (t: number) => number) => (xs: number[]) => mean(xs.map(f));
const LOSSES: Readonly<Record<keyof typeof objectives, { readonly d: Loss; readonly g: Loss }>> = {
  minimax: { d: (r, f) => each((t) => softplus(-t))(r) + each(softplus)(f), g: (_, f) => -each(softplus)(f) },
  "non-saturating": { d: (r, f) => each((t) => softplus(-t))(r) + each(softplus)(f), g: (_, f) => each((t) => softplus(-t))(f) },
  "least-squares": {
    d: (r, f) => each((t) => (t - 1) ** 2 / 2)(r) + each((t) => t ** 2 / 2)(f),
    g: (_, f) => each((t) => (t - 1) ** 2 / 2)(f),
  },
  hinge: { d: (r, f) => each((t) => Math.max(0, 1 - t))(r) + each((t) => Math.max(0, 1 + t))(f), g: (_, f) => -mean(f) },
  wasserstein: { d: (r, f) => mean(f) - mean(r), g: (_, f) => -mean(f) },
  "relativistic-paired": {
    d: (r, f) => mean(r.map((t, i) => softplus(-(t - f[i]!)))),
    g: (r, f) => mean(f.map((t, i) => softplus(-(t - r[i]!)))),
  },
  "relativistic-average": {
    d: (r, f) => each((t) => softplus(-(t - mean(f))))(r) + each((t) => softplus(t - mean(r)))(f),
    g: (r, f) => each((t) => softplus(-(t - mean(r))))(f) + each((t) => softplus(t - mean(f)))(r),
  },
};

describe.each(Object.entries(LOSSES))("%s", (name, { d: ofD, g: ofG }) => {
  const objective = objectives[name as keyof typeof objectives]();
  const lossD = (p: Point) => ofD(logits(p, real), logits(p, fakes(at.g)));
  const lossG = (p: Point) => ofG(logits(p, real), logits(p, fakes(p.g)));
  const moved = (p: Point): Point => ({
    ...p,
    d: p.d - rates.discriminator * slope(lossD, p, "d"),
    c: p.c - rates.discriminator * slope(lossD, p, "c"),
  });
  test("at the same time: losses, and both moves from the same point", async () => {
    const { metrics, now } = await stepped(players({ objective, updates: "simultaneous" }));
    expect(metrics["discriminator/loss"]).toBeCloseTo(lossD(at), 5);
    expect(metrics["generator/loss"]).toBeCloseTo(lossG(at), 5);
    const next = moved(at);
    expect(now.d).toBeCloseTo(next.d, 6);
    expect(now.c).toBeCloseTo(next.c, 6);
    expect(now.g).toBeCloseTo(at.g - rates.generator * slope(lossG, at, "g"), 6);
  });
  test("in turn: the generator answers the discriminator that has moved, twice where it has two moves", async () => {
    for (const critics of [1, 2]) {
      const noise = Array.from({ length: critics - 1 }, () => z);
      const { now } = await stepped(players({ objective, critics }), noise);
      const d = Array.from({ length: critics }).reduce<Point>((p) => moved(p), at);
      expect(now.d).toBeCloseTo(d.d, 6);
      expect(now.g).toBeCloseTo(at.g - rates.generator * slope(lossG, d, "g"), 6);
    }
  });
  test("unrolled: the generator differentiates the moves that the discriminator would make", async () => {
    const { now } = await stepped(players({ objective, updates: "simultaneous", unroll: 2 }));
    // D answers G: each of its moves depends on g
    const foreseen = (g: number): Point => {
      let p: Point = { ...at, g };
      for (let k = 0; k < 2; k++) {
        const loss = (q: Point) => ofD(logits(q, real), logits(q, fakes(g)));
        p = { ...p, d: p.d - rates.discriminator * slope(loss, p, "d"), c: p.c - rates.discriminator * slope(loss, p, "c") };
      }
      return p;
    };
    const through = (g: number) => ofG(logits(foreseen(g), real), logits(foreseen(g), fakes(g)));
    const g = at.g - (rates.generator * (through(at.g + 1e-4) - through(at.g - 1e-4))) / 2e-4;
    expect(Math.abs(now.g - g)).toBeLessThan(2e-5);
    expect(now.d).toBeCloseTo(moved(at).d, 6);
  });
});

describe("regularisers", () => {
  const t = [0.1, 0.9, 0.4, 0.6];
  const lossOf = (extra: (p: Point) => number) => (p: Point) =>
    LOSSES["non-saturating"].d(logits(p, real), logits(p, fakes(at.g))) + extra(p);
  test.each<[string, Regulariser, (p: Point) => number, number[][]]>([
    ["r1", r1(3), ({ d }) => (3 / 2) * d ** 2, []],
    ["r2", r2(3), ({ d }) => (3 / 2) * d ** 2, []],
    ["gp", regularisers.gp(10), ({ d }) => 10 * (Math.abs(d) - 1) ** 2, [t]],
    ["gp0", regularisers.gp0(10), ({ d }) => 10 * d ** 2, [t]],
    ["dragan", regularisers.dragan(10), ({ d }) => 10 * (Math.abs(d) - 1) ** 2, [t]],
    // its averages start at 0
    [
      "lecam",
      regularisers.lecam(0.3),
      (p) => 0.3 * (mean(logits(p, real).map((v) => v ** 2)) + mean(logits(p, fakes(at.g)).map((v) => v ** 2))),
      [],
    ],
  ])("%s adds its term to the discriminator's loss", async (name, regulariser, extra, noise) => {
    const { metrics, now } = await stepped(players({ regularisers: [regulariser], updates: "simultaneous" }), noise);
    expect(metrics[`discriminator/${name}`]).toBeCloseTo(extra(at), 4);
    expect(metrics["discriminator/loss"]).toBeCloseTo(lossOf(extra)(at), 4);
    expect(now.d).toBeCloseTo(at.d - rates.discriminator * slope(lossOf(extra), at, "d"), 5);
  });

  test("they add up, in any number", async () => {
    const extra = ({ d }: Point) => 1.5 * d ** 2 + 0.5 * d ** 2;
    const { now } = await stepped(players({ regularisers: [r1(3), r2(1)], updates: "simultaneous" }));
    expect(now.d).toBeCloseTo(at.d - rates.discriminator * slope(lossOf(extra), at, "d"), 6);
  });

  test("clip holds every weight of the discriminator, and none of the generator", async () => {
    const { now } = await stepped(players({ regularisers: [regularisers.clip(0.1)] }));
    expect(now.d).toBeCloseTo(-0.1, 6);
    expect(now.c).toBeCloseTo(0.1, 6);
    expect(now.g).toBeGreaterThan(0.5);
  });

  test("path: the squared difference of ‖Jᵀy‖ from its average, for the generator", async () => {
    const y = [0.5, -1, 2, 0.1];
    const { metrics } = await stepped(players({ regularisers: [regularisers.path(2)], updates: "simultaneous" }), [y]);
    expect(metrics["generator/path"]).toBeCloseTo(2 * mean(y.map((v) => (at.g * v) ** 2)), 5);
    expect(metrics["path/length"]).toBeCloseTo(0.01 * mean(y.map((v) => Math.abs(at.g * v))), 5);
  });

  test("topk: at the end of training only the better half teaches", async () => {
    const gan = players({ regularisers: [regularisers.topk(0.5)], updates: "simultaneous" });
    const step = await ganStep(gan, { threads: 1 });
    await step.program.steps([[column(real), full([], 0.1), full([], 0.05), full([], 1), column(z)]]);
    const g = numbers(step.program.read()[step.names.indexOf("generator/param/weight")]!)[0]!;
    await step.program.release();
    // D falls with x: the two smallest are the most real
    const best = [1, 3];
    const loss = (p: Point) => mean(best.map((i) => softplus(-(p.d * p.g * z[i]! + p.c))));
    expect(g).toBeCloseTo(at.g - 0.1 * slope(loss, at, "g"), 6);
  });

  test("smoothing: a share of the real samples counts as generated", async () => {
    const { metrics } = await stepped(players({ objective: objectives.minimax({ smoothing: 0.1 }) }));
    const [r, f] = [logits(at, real), logits(at, fakes(at.g))];
    expect(metrics["discriminator/loss"]).toBeCloseTo(
      0.9 * mean(r.map((v) => softplus(-v))) + 0.1 * mean(r.map(softplus)) + mean(f.map(softplus)),
      5,
    );
  });
});

describe("a batch in parts", () => {
  test.each(["non-saturating", "wasserstein", "relativistic-paired"] as const)("%s: the same step", async (name) => {
    const options = { objective: objectives[name](), regularisers: [r1(2), regularisers.gp(10)] };
    const t = [0.1, 0.9, 0.4, 0.6];
    const whole = await stepped(players(options), [t]);
    const parts = await stepped(players({ ...options, microBatch: 1 }), [t]);
    for (const key of Object.keys(whole.metrics)) expect(parts.metrics[key], key).toBeCloseTo(whole.metrics[key]!, 5);
    for (const key of ["g", "d", "c"] as const) expect(parts.now[key]).toBeCloseTo(whole.now[key], 6);
  });
  test.each(["alternating", "simultaneous"] as const)(
    "%s: the same step, of a generator that normalises over the batch",
    async (updates) => {
      const shared = { generator: sequential(dense(1, { init: () => scalar(at.g) }), batchNorm())([1], seedKey(0)), updates } as const;
      const options = { ...shared, objective: objectives["relativistic-paired"](), regularisers: [r1(2), r2(1)] };
      const whole = await stepped(players(options));
      const parts = await stepped(players({ ...options, microBatch: 2 }));
      expect([...whole.state.keys()].some((name) => /generator\/buffer/.test(name))).toBe(true);
      for (const [name, v] of whole.state) expect(parts.state.get(name), name).toBeCloseTo(v, 6);
    },
  );
});

test.each([
  ["hinge", 0],
  ["least-squares", 0.5],
  ["relativistic-paired", mean([mean(logits(at, real)), mean(logits(at, fakes(at.g)))])],
] as const)("%s: what watches real samples is told how far above the line they are", async (name, line) => {
  const told: Regulariser = {
    name: "told",
    watch: ({ e, keep }, margin) => keep("sum", full([], 0)).set(e.ReduceSum(margin, null, { keepdims: 0 })),
  };
  const { metrics } = await stepped(players({ objective: objectives[name](), regularisers: [told] }));
  expect(metrics["told/sum"]).toBeCloseTo(
    logits(at, real).reduce((sum, v) => sum + v - line, 0),
    5,
  );
});

test("the average of the generator's weights forgets its start fast, then slowly", async () => {
  const { now, state } = await stepped(players({ ema: 0.999 }));
  // after the first step: decay 2/11
  expect(state.get("ema/weight")).toBeCloseTo(at.g + (9 / 11) * (now.g - at.g), 6);
});

describe("contradictions are refused", () => {
  const says = (options: Partial<Gan>) => {
    try {
      players(options);
    } catch (error) {
      return String(error);
    }
    return "nothing";
  };
  test.each<[string, Partial<Gan>, RegExp]>([
    ["a batch that packs do not divide", { pack: 3 }, /multiple of the packing 3, got 4; take 3/],
    ["a micro-batch that does not divide", { microBatch: 3 }, /micro-batch that divides the batch 4/],
    ["parts of what is no sum", { microBatch: 2, objective: objectives["relativistic-average"]() }, /relativistic-average/],
    ...(["ada", "lecam", "features", "path", "topk", "dragan"] as const).map((name): [string, Partial<Gan>, RegExp] => [
      `parts of a batch that ${name} looks at as a whole`,
      { microBatch: 2, regularisers: [regularisers[name]()] },
      new RegExp(`take each sample for itself.*got ${name};`),
    ]),
    ["no batch", { batch: 0 }, /whole batch ≥ 1, got 0/],
    [
      "a penalty on each sample's gradient through coupled samples",
      { regularisers: [r1()], discriminator: { ...discriminator, coupled: "batchNorm" } },
      /r1 differentiates, got one with batchNorm/,
    ],
    ["a generator of other vectors", { latent: { size: 2, draw: { kind: "normal" } } }, /latent vectors \[2\]/],
  ])("%s", (_, options, pattern) => expect(says(options)).toMatch(pattern));
});
