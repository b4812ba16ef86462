/** Each sign of failure is found where it is, and not in a healthy course; a real collapse and a real recovery are told apart. */
import { describe, expect, test } from "vitest";
import { seedKey } from "../../src/base/index.ts";
import { loadPools } from "../../src/data/index.ts";
import {
  type Course,
  diagnose,
  evaluateGan,
  type GanReport,
  type Observation,
  observer,
  type RecipeOptions,
  recipe,
  rules,
  sourceOf,
  trainGan,
} from "../../src/gan/index.ts";
import { adam, constant } from "../../src/optim/index.ts";

const run = { threads: 1 } as const;
const floor = { precision: 0.97, recall: 0.97, density: 1, coverage: 0.97 };
const report = {
  modes: 8,
  modesOf: 8,
  precision: 0.9,
  coverage: 0.85,
  floor,
  classHistogram: null,
  freshDiscriminatorAccuracy: 0.6,
  memorisation: { generated: 1, heldOut: 1, copies: 0.01 },
} as unknown as GanReport;
const look = { spread: 1, moved: 0.05, shift: 0.1, precision: 0.9, coverage: 0.85, accuracy: 0.6 };
const course = (change: Partial<Omit<Observation, "step">> = {}, end: Partial<GanReport> = {}, rest: Partial<Course> = {}): Course => ({
  looks: Array.from({ length: 10 }, (_, i) => ({ step: 100 * (i + 1), ...look, ...change })),
  floor,
  losses: Array.from({ length: 10 }, () => ({ generator: 0.7, discriminator: 0.7 })),
  report: { ...report, ...end },
  blame: null,
  ...rest,
});
const unmeasured = { report: null } as const;
const found = (c: Course) =>
  diagnose(c)
    .filter((v) => v.found)
    .map((v) => v.rule);

describe("what is found", () => {
  const cases: readonly (readonly [what: string, c: Course, expected: readonly string[]])[] = [
    ["nothing in a healthy course", course(), []],
    ["nothing in the course of another metric", course({}, { modes: null, modesOf: null, classHistogram: [0.3, 0.3, 0.4] }), []],
    ["modes that are gone", course({}, { modes: 5 }), ["mode-collapse"]],
    ["a class that is gone", course({}, { classHistogram: [0.01, 0.5, 0.49] }), ["mode-collapse"]],
    ["neighbourhoods that are empty", course({}, { coverage: 0.1 }), ["mode-collapse"]],
    ["samples that are all alike", course({ spread: 0.2 }), ["mode-collapse"]],
    [
      "a discriminator that knows all",
      course({ accuracy: 0.999, precision: 0.1 }, { precision: 0.1 }),
      ["discriminator-won", "unfinished"],
    ],
    ["not one that knows all of good samples", course({ accuracy: 0.999 }), []],
    ["a generator that stands still", course({ moved: 1e-5, coverage: 0.1 }, { coverage: 0.1 }), ["generator-frozen", "mode-collapse"]],
    ["not one that has arrived", course({ moved: 1e-5 }), []],
    ["one that runs in circles", course({ shift: 0.7 }), ["oscillation"]],
    ["samples that run away", course({ spread: 40 }), ["divergence"]],
    [
      "losses that run away",
      course({}, {}, { losses: Array.from({ length: 10 }, (_, i) => ({ generator: -(4 ** i), discriminator: 4 ** i })) }),
      ["divergence"],
    ],
    ["a number that is none", course({}, {}, { report: null, blame: "Exp" }), ["divergence"]],
    ["copies", course({}, { memorisation: { generated: 0.1, heldOut: 1, copies: 0.9, training: 100 } }), ["memorisation"]],
    ["samples like nothing", course({}, { precision: 0.2 }), ["unfinished"]],
    ["what looks alone tell, of few data", course({ precision: 0.1, coverage: 0.1 }, {}, unmeasured), ["mode-collapse", "unfinished"]],
    ["nothing in healthy looks alone", course({}, {}, unmeasured), []],
    ["only what the end tells, of a file", course({}, { modes: 3 }, { looks: [], losses: [] }), ["mode-collapse"]],
  ];
  test.each(cases)("%s", (_, c, expected) => {
    expect(found(c)).toEqual(expected);
    for (const v of diagnose(c)) {
      expect(v.evidence).not.toMatch(/NaN|undefined/);
      expect(v.mend === null).toBe(!v.found);
    }
  });
  test("every rule has a case", () => {
    const met = new Set(cases.flatMap(([, , expected]) => expected));
    expect(rules.map((r) => r.name).filter((name) => !met.has(name))).toEqual([]);
  });
});

async function played(steps: number, options: Omit<RecipeOptions, "key"> = {}) {
  const pools = await loadPools("ring8", { seed: 1 });
  const gan = recipe(pools.train, { key: seedKey(1), ...options });
  const watch = await observer(gan, pools, { seed: 1, ...run });
  const looks: Observation[] = [];
  const each = trainGan(gan, pools.train, {
    ...run,
    steps,
    every: Math.floor(steps / 6),
    seed: 1,
    onLook: async (l) => {
      if (l.step > 0) looks.push(await watch.observe(l));
      return {};
    },
  });
  for (;;) {
    const next = await each.next();
    if (!next.done) continue;
    const end = await evaluateGan(sourceOf(gan, next.value, run), pools, { ...run, n: 1_000 });
    const losses = next.value.history.map((h) => ({ generator: h["generator/loss"]!, discriminator: h["discriminator/loss"]! }));
    return { end, looks, verdicts: found({ looks, floor: watch.floor, losses, report: end, blame: null }) };
  }
}

test("the default recipe finds the ring, and its measures agree", async () => {
  const { end, looks, verdicts } = await played(1_200);
  expect(verdicts).toEqual([]);
  expect([end.modes, end.modesOf]).toEqual([8, 8]);
  expect(end.highQuality).toBeGreaterThan(0.2);
  expect(end.coverage).toBeGreaterThan(0.3);
  expect(end.floor.coverage).toBeGreaterThan(0.9);
  expect(end.rmseToOptimal).toBeLessThan(0.4);
  expect(looks.map((l) => l.step)).toEqual([200, 400, 600, 800, 1_000, 1_200]);
  expect(looks[0]!.moved).toBe(0);
  expect(looks[1]!.moved).toBeGreaterThan(0);
}, 120_000);

test("a generator without a rate is found frozen", async () => {
  const discriminator = { transform: adam(), schedule: constant(1e-3) };
  const { verdicts } = await played(120, { optimisers: { generator: { ...discriminator, schedule: constant(0) }, discriminator } });
  expect(verdicts).toContain("generator-frozen");
  expect(verdicts).toContain("mode-collapse");
});
