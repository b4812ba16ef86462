/** Rationals beside plain fractions of BigInt, rounding beside the engine's own reading of decimals and the neighbours in IEEE 754. */
import { describe, expect, test } from "vitest";
import { bits, fold, seedKey } from "../../../src/base/index.ts";
import { rational, toFloat32, toFloat64 } from "../../../src/verify/spec/index.ts";
import { expectRefusal } from "../../data/refusal.ts";

type Fraction = readonly [n: bigint, d: bigint];
const fractionOf = ({ n, d, e }: rational.Rational): Fraction => (e < 0 ? [n, d << BigInt(-e)] : [n << BigInt(e), d]);
const same = ([a, b]: Fraction, [c, d]: Fraction) => a * d === c * b;

const words = (name: string, n: number) => bits(fold(seedKey(7), name), n);

/** Any float64 that is finite: all exponents alike. */
function anyFloats(name: string, n: number): number[] {
  return [...new Float64Array(words(name, 2 * n).buffer)].filter(Number.isFinite);
}

describe("what is read", () => {
  const rows: readonly (readonly [text: string, n: bigint, d: bigint])[] = [
    ["0", 0n, 1n],
    ["-0.0", 0n, 1n],
    ["+2", 2n, 1n],
    ["7.", 7n, 1n],
    [".5", 1n, 2n],
    ["0.6", 3n, 5n],
    ["-1.5e-3", -3n, 2000n],
    ["1.25E+2", 125n, 1n],
    ["1e22", 10n ** 22n, 1n],
    ["0.49999999998567607", 49999999998567607n, 10n ** 17n],
    ["1/3", 1n, 3n],
    ["-6/4", -3n, 2n],
    ["1e-400", 1n, 10n ** 400n],
  ];
  test.each(rows)("%s", (text, n, d) => {
    const r = rational.parse(text)!;
    expect(same(fractionOf(r), [n, d])).toBe(true);
    expect(r.d & 1n).toBe(1n);
  });

  test.each(["", ".", "-", "e5", "1e", "1.2.3", "0x10", "1_000", "X_0", "NaN", "Infinity", "1/0", "1/-3", "1e5001", " 1"])(
    "“%s” is none",
    (text) => {
      expect(rational.parse(text)).toBeNull();
    },
  );

  test("a float64 is taken exactly", () => {
    const rows: readonly (readonly [number, bigint, bigint])[] = [
      [0.1, 3602879701896397n, 36028797018963968n],
      [-1.5, -3n, 2n],
      [5e-324, 1n, 1n << 1074n],
      [2 ** -1022, 1n, 1n << 1022n],
      [Number.MAX_VALUE, (2n ** 53n - 1n) << 971n, 1n],
      [2 ** 53 + 2, 9007199254740994n, 1n],
      [Math.fround(0.1), 13421773n, 134217728n],
    ];
    for (const [x, n, d] of rows) expect(same(fractionOf(rational.fromNumber(x)), [n, d]), `${x}`).toBe(true);
    expect(rational.fromNumber(-0)).toBe(rational.ZERO);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%f is refused", (x) =>
    expectRefusal(["", "rational-finite", `expected a finite number, got ${x}; keep infinities and NaN out`, () => rational.fromNumber(x)]),
  );
});

describe("what is printed", () => {
  test.each([
    ["0", "0"],
    ["-0.50", "-0.5"],
    ["1e3", "1000"],
    ["12.5e-5", "0.000125"],
    ["2/6", "1/3"],
    ["-7/12", "-7/12"],
    ["40/3", "40/3"],
    ["3/8", "0.375"],
  ])("%s as %s", (text, printed) => expect(rational.print(rational.parse(text)!)).toBe(printed));

  test("it reads back as the same number, and equal numbers print alike", () => {
    for (const x of anyFloats("print", 100)) {
      const r = rational.fromNumber(x);
      expect(rational.compare(rational.parse(rational.print(r)) ?? rational.ZERO, r)).toBe(0);
      const again = rational.subtract(rational.add(r, rational.parse("0.7")!), rational.parse("0.7")!);
      expect(rational.print(again)).toBe(rational.print(r));
    }
  });
});

describe("arithmetic is that of fractions", () => {
  /** Floats of all sizes, decimals, and fractions whose denominators share factors. */
  const operands = (name: string): rational.Rational[] => [
    rational.ZERO,
    rational.ONE,
    ...anyFloats(name, 12).map(rational.fromNumber),
    ...[...words(`${name} decimals`, 12)].map((w) => rational.parse(`${(w % 2 ? "-" : "") + (w % 100003)}e${(w % 41) - 20}`)!),
    ...[...words(`${name} fractions`, 12)].map((w) => rational.ratio(BigInt(w % 1009) - 500n, BigInt((w % 60) + 1))),
  ];
  const [left, right] = [operands("left"), operands("right")];

  test.each<readonly [string, (a: rational.Rational, b: rational.Rational) => rational.Rational, (a: Fraction, b: Fraction) => Fraction]>([
    ["+", rational.add, ([a, b], [c, d]) => [a * d + c * b, b * d]],
    ["−", rational.subtract, ([a, b], [c, d]) => [a * d - c * b, b * d]],
    ["×", rational.multiply, ([a, b], [c, d]) => [a * c, b * d]],
    ["÷", (a, b) => (b.n === 0n ? a : rational.divide(a, b)), (a, [c, d]) => (c === 0n ? a : [a[0] * d, a[1] * c])],
  ])("%s", (_, ours, plain) => {
    for (const a of left)
      for (const b of right) {
        const r = ours(a, b);
        expect(same(fractionOf(r), plain(fractionOf(a), fractionOf(b)))).toBe(true);
        expect(r.d > 0n && (r.d & 1n) === 1n).toBe(true);
      }
  });

  test("order", () => {
    for (const a of left)
      for (const b of [...right, a]) {
        const [[n, d], [m, c]] = [fractionOf(a), fractionOf(b)];
        expect(rational.compare(a, b)).toBe(n * c < m * d ? -1 : n * c > m * d ? 1 : 0);
      }
  });

  test("long denominators are brought to lowest terms", () => {
    let r = rational.ONE;
    for (let i = 0; i < 400; i++) r = rational.multiply(r, rational.ratio(i % 2 ? 3n ** 9n : 7n ** 9n, i % 2 ? 7n ** 9n : 3n ** 9n));
    expect(rational.compare(r, rational.ONE)).toBe(0);
    expect(r.d < 1n << 256n).toBe(true);
  });

  test("a division by 0 is refused", () =>
    expectRefusal([
      "",
      "rational-division",
      "expected a divisor other than 0, got 0; correct the division",
      () => rational.divide(rational.ONE, rational.ZERO),
    ]));
});

describe("rounding", () => {
  const float = new Float64Array(1);
  const pattern = new BigInt64Array(float.buffer);
  /** The next float64 towards +∞. */
  const next = (x: number): number => {
    if (x === 0) return 5e-324;
    float[0] = x;
    pattern[0]! += x > 0 ? 1n : -1n;
    return float[0];
  };

  test("powers of two are exact in this engine", () => {
    for (let u = -1074; u < 1024; u++) {
      pattern[0] = u < -1022 ? 1n << BigInt(u + 1074) : BigInt(u + 1023) << 52n;
      expect(2 ** u).toBe(float[0]);
    }
  });

  test("a float64 is its own rounding, whichever", () => {
    for (const x of [...anyFloats("itself", 500), 0, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, -Number.MAX_VALUE])
      for (const way of ["down", "up", "nearest"] as const) expect(toFloat64(rational.fromNumber(x), way)).toBe(x);
  });

  const HARD = [
    "2.2250738585072011e-308", // hung PHP and Java once
    "2.2250738585072012e-308",
    "2.4703282292062327208e-324", // just below half of the least subnormal
    "2.4703282292062328e-324",
    "5e-324",
    "7.4109846876186981626485318930233205854758970392148714663837852375101326090531312779794975454245398856969484704316857659638998506553390969459816219401617281718945106978546710679176872575177347315553307795408549809608457500958111373034747658096871009590975442271004757307809711118935784838675653998783503015228055934046593739791790738723868299395818481660169122019456499931289798411362062484498678713572180352209017023903285791732520220528974020802906854021606612375549983402671300035812486479041385743401875520901590172592547146296175134159774938718574737870961645638908718119841271673056017045493004705269590165763776884908267986972573366521765567941072508764337560846003984904972149117463085539556354188641513168478436313080237596295773983001708984375e-324",
    "1.7976931348623158e308",
    "1.7976931348623159e308", // past the half: infinite
    "9007199254740993", // tie, to even
    "9007199254740995",
    "9007199254740993.00000000000000000000000000000000001",
    "0.1",
    "0.3",
    "1e23",
    "8.533e+68",
    "6.9294956446009195e15",
    "123456789012345678901234567890",
    "1e-400",
    "1e400",
    "0.500000000000000166533453693773481063544750213623046875",
    "3.518437208883201171875e13",
  ];
  const decimals = [...words("decimals", 3000)].map((w, i) => `${w}${(w * 7919) % 9_999_991}e${(i % 660) - 340}`);

  test.each(["", "-"])("to the nearest, as the engine reads a decimal: %s…", (minus) => {
    for (const text of [...HARD, ...decimals])
      expect(toFloat64(rational.parse(minus + text)!), minus + text).toBe(Number(minus + text) + 0);
  });

  test("down and up: on its side, and no float between", () => {
    for (const text of [...HARD, ...decimals].flatMap((t) => [t, `-${t}`])) {
      const r = rational.parse(text)!;
      const [down, up] = [toFloat64(r, "down"), toFloat64(r, "up")];
      if (Number.isFinite(down)) expect(rational.compare(rational.fromNumber(down), r), text).toBeLessThanOrEqual(0);
      if (Number.isFinite(up)) expect(rational.compare(rational.fromNumber(up), r), text).toBeGreaterThanOrEqual(0);
      const isExact = Number.isFinite(down) && rational.compare(rational.fromNumber(down), r) === 0;
      expect(up, text).toBe(isExact ? down : next(down) + 0);
    }
  });

  test("beyond the largest", () => {
    const huge = rational.parse("1e400")!;
    const ways = (r: rational.Rational) => (["down", "up", "nearest"] as const).map((way) => [toFloat64(r, way), toFloat32(r, way)]);
    const [most, most32] = [Number.MAX_VALUE, (2 - 2 ** -23) * 2 ** 127];
    const infinite = Number.POSITIVE_INFINITY;
    expect(ways(huge)).toEqual([
      [most, most32],
      [infinite, infinite],
      [infinite, infinite],
    ]);
    expect(ways(rational.negate(huge))).toEqual([
      [-infinite, -infinite],
      [-most, -most32],
      [-infinite, -infinite],
    ]);
    // float32's largest is the last before the tie with 2^128
    expect(toFloat32(rational.ratio(2n ** 25n - 1n, 1n, 103))).toBe(infinite);
    expect(toFloat32(rational.ratio((2n ** 25n - 1n) * 2n ** 20n - 1n, 1n, 83))).toBe(most32);
  });

  test("float32: nearest is Math.fround, down and up are its neighbours", () => {
    const floats = [
      ...anyFloats("float32", 500),
      ...[...new Float32Array(words("singles", 2000).buffer)]
        .filter(Number.isFinite)
        .flatMap((v) => [v, v * (1 + 2 ** -30), v * (1 - 2 ** -26)]),
      0.6,
      2 ** -150,
      1.5 * 2 ** -149,
      -(2 ** -151),
    ];
    for (const x of floats) {
      const r = rational.fromNumber(x);
      expect(toFloat32(r), `${x}`).toBe(Math.fround(x) + 0);
      const [down, up] = [toFloat32(r, "down"), toFloat32(r, "up")];
      expect(down <= x && x <= up).toBe(true);
      expect([down, up]).toContain(Math.fround(x) + 0);
      for (const side of [down, up]) expect(Math.fround(side)).toBe(side);
      if (Math.fround(x) !== x && Number.isFinite(down) && Number.isFinite(up))
        expect(Math.fround((down + up) / 2) === down || Math.fround((down + up) / 2) === up).toBe(true);
    }
  });
});
