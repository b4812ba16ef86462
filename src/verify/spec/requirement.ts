/** What should hold, as JSON that people write by hand. The specification is its negation: all that a counterexample may be. */
import { z } from "zod";
import { fail } from "../../base/index.ts";
import { add, compare, negate, ONE, parse, print, type Rational, subtract, ZERO } from "./rational.ts";
import { overtakes } from "./robustness.ts";
import type { Disjunct, LinearForm, Row, Specification } from "./specification.ts";

const A_NUMBER = 'to be a number, or one in quotes like "0.1" or "1/3"';

/** A number stands for the decimal that it prints as: 0.1 is one tenth. */
const exact = z.union([z.number(), z.string()], A_NUMBER).transform((v, context): Rational => {
  const r = parse(`${v}`);
  if (r === null) context.addIssue({ code: "custom", message: A_NUMBER });
  return r ?? ZERO;
});
const list = z.array(exact, "to be a list of numbers, one an input").min(1, "to hold a number an input");
const index = z.int("to be a whole number ≥ 0").min(0, "to be a whole number ≥ 0");

const BOX = 'to be {"low": […], "high": […]}, or {"around": […], "within": 0.03, "clip": [0, 1]}';
const inputs = z.union(
  [z.strictObject({ low: list, high: list }), z.strictObject({ around: list, within: exact, clip: z.tuple([exact, exact]).optional() })],
  BOX,
);

const limit = exact.optional();
const level = z.union([z.literal("others"), exact], `${A_NUMBER}; or "others"`).optional();
const STAYS =
  'to be like {"output": 0, "below": 3.9}, {"output": 2, "above": "others"} or {"sum": {"y0": 1, "y3": -2, "x1": 0.5}, "atMost": 4}';
const sides = { atLeast: limit, atMost: limit };
const sum = z
  .record(z.string().regex(/^[xy](0|[1-9]\d*)$/), exact)
  .refine((terms) => Object.entries(terms).some(([name, c]) => name.startsWith("y") && c.n !== 0n), "to mention an output, as y0 or y1");
const stays = z
  .union(
    [
      z.strictObject({ output: index, above: level, below: level, ...sides }),
      z.strictObject({ sum, above: limit, below: limit, ...sides }),
    ],
    STAYS,
  )
  .refine((s) => [s.above, s.below, s.atLeast, s.atMost].some((side) => side !== undefined), STAYS);

const schema = z.strictObject(
  {
    inputs,
    outputs: z.int("to be a whole number ≥ 1").min(1, "to be a whole number ≥ 1").optional(),
    stays: z.array(stays, "to be a list of what should hold").min(1, "to hold one requirement at least"),
  },
  'to be an object with "inputs" and "stays"',
);

type Stays = z.infer<typeof stays>;

/**
 * The specification of `{"inputs": …, "stays": [{"output": 0, "below": 3.9}, …], "outputs": 5}`: over the box, *all* that is listed
 * under `stays` should hold. An output, or a sum of multiples of outputs (y0, y1, …) and inputs (x0, x1, …), stays `below`,
 * `above`, `atMost` or `atLeast` a number; an output also `above` or `below` the `others`. Numbers are the decimals that they
 * print as; in quotes they may have any number of digits, or be fractions. The box is `low` and `high`, or all `within` a
 * distance `around` a point, cut to `clip`.
 * @param where names the file in errors
 * @param outputs how many the network has; where neither this nor the JSON says so, as many as are mentioned
 * @throws requirement
 */
export function requirement(json: unknown, where: string, outputs?: number): Specification {
  const { success, data, error } = schema.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    const path = issue!.path.map((p) => (typeof p === "number" ? `[${p}]` : `.${String(p)}`)).join("");
    const got = issue!.path.reduce((at: unknown, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
    const shape = { inputs: BOX, stays: STAYS }[String(issue!.path[0])] ?? "to hold inputs, outputs and stays only";
    const what = issue!.code === "unrecognized_keys" ? shape : issue!.message;
    return refuse(`${path.replace(/^\./, "") || where} ${what}`, `${(JSON.stringify(got) ?? "nothing").slice(0, 80)} in ${where}`);
  }
  const { low, high } = boxOf(data.inputs, where);
  const known = outputs ?? data.outputs;
  if (outputs !== undefined && data.outputs !== undefined && outputs !== data.outputs)
    refuse(`outputs to be ${outputs}, as of the network`, `${data.outputs} in ${where}`);
  const mentioned = mention(data.stays, low.length, where);
  const count = known ?? mentioned;
  if (mentioned > count) refuse(`outputs from 0 to ${count - 1}`, `output ${mentioned - 1} in ${where}`);
  if (data.stays.some((s) => s.above === "others" || s.below === "others")) {
    if (known === undefined) refuse('how many "others" there are', `no "outputs" in ${where}`);
    if (known === 1) refuse('other outputs, where "others" is said', `a network of one output in ${where}`);
  }
  const disjuncts = data.stays.flatMap((s) => broken(s, count));
  return { inputs: low.length, outputs: count, regions: [{ low, high, disjuncts }] };
}

const refuse = (expected: string, got: string): never => fail({ code: "requirement", expected, got, mend: "correct it" });

function boxOf(box: z.infer<typeof inputs>, where: string): { readonly low: readonly Rational[]; readonly high: readonly Rational[] } {
  let low: readonly Rational[];
  let high: readonly Rational[];
  if ("low" in box) [low, high] = [box.low, box.high];
  else {
    const { around, within, clip } = box;
    low = around.map((r) => subtract(r, within)).map((r) => (clip && compare(r, clip[0]) < 0 ? clip[0] : r));
    high = around.map((r) => add(r, within)).map((r) => (clip && compare(r, clip[1]) > 0 ? clip[1] : r));
  }
  if (low.length !== high.length) refuse("as many numbers in high as in low", `${low.length} in low, ${high.length} in high in ${where}`);
  const empty = low.findIndex((r, i) => compare(r, high[i]!) > 0);
  if (empty >= 0) refuse("low ≤ high", `${print(low[empty]!)} > ${print(high[empty]!)} at input ${empty} in ${where}`);
  return { low, high };
}

/** One more than the largest output that is mentioned; inputs that are mentioned must be there. */
function mention(all: readonly Stays[], inputCount: number, where: string): number {
  let most = 0;
  for (const s of all) {
    const { outputs, inputs } = termsOf(s);
    most = Math.max(most, ...outputs.map(([i]) => i + 1));
    const beyond = inputs.find(([i]) => i >= inputCount);
    if (beyond) refuse(`inputs from x0 to x${inputCount - 1}`, `x${beyond[0]} in ${where}`);
  }
  return most;
}

function termsOf(s: Stays): { readonly outputs: LinearForm; readonly inputs: LinearForm } {
  if ("output" in s) return { outputs: [[s.output, ONE]], inputs: [] };
  const of = (letter: string): LinearForm =>
    Object.entries(s.sum)
      .filter(([name, c]) => name.startsWith(letter) && c.n !== 0n)
      .map(([name, c]) => [Number(name.slice(1)), c] as const)
      .sort(([i], [j]) => i - j);
  return { outputs: of("y"), inputs: of("x") };
}

/** All the ways in which one requirement is broken. */
function broken(s: Stays, outputs: number): Disjunct[] {
  const form = termsOf(s);
  const minus = (terms: LinearForm): LinearForm => terms.map(([i, c]) => [i, negate(c)] as const);
  const reaches = (bound: Rational, strict: boolean): Row => ({
    outputs: minus(form.outputs),
    inputs: minus(form.inputs),
    bound: negate(bound),
    strict,
  });
  const rows: Row[] = [];
  if ("output" in s)
    for (let j = 0; j < outputs; j++) {
      if (j === s.output) continue;
      if (s.above === "others") rows.push(overtakes(s.output, j));
      if (s.below === "others") rows.push(overtakes(j, s.output));
    }
  if (s.below && s.below !== "others") rows.push(reaches(s.below, false));
  if (s.atMost) rows.push(reaches(s.atMost, true));
  if (s.above && s.above !== "others") rows.push({ ...form, bound: s.above, strict: false });
  if (s.atLeast) rows.push({ ...form, bound: s.atLeast, strict: true });
  return rows.map((row) => [row]);
}
