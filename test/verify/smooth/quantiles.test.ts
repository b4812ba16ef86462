/** The quantiles that certificates rest on, beside 60 digits by mpmath (test/golden/smooth.py); bounds are never above the truth. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { betaQuantile, incompleteBeta } from "../../../src/verify/smooth/beta.ts";
import { clopperPearson } from "../../../src/verify/smooth/clopper-pearson.ts";
import { normalQuantile } from "../../../src/verify/smooth/normal-quantile.ts";
import { smoothingCeiling } from "../../../src/verify/smooth/smooth.ts";

const golden: Readonly<Record<string, readonly (readonly (number | string)[])[]>> = JSON.parse(
  readFileSync(new URL("../../golden/smooth.json", import.meta.url), "utf8"),
);
const rows = (name: string): number[][] => golden[name]!.map((row) => row.map(Number));
const off = (got: number, wanted: number): number => (got === wanted ? 0 : Math.abs(got - wanted) / Math.abs(wanted));

describe("Φ⁻¹", () => {
  test("to a few units in the last place, from 5e-324 to 1 − 2⁻⁵³", () => {
    for (const [p, z] of rows("normal")) expect(off(normalQuantile(p!), z!), `p = ${p}`).toBeLessThan(1e-15);
  });
  test("at the ends and in the middle", () => {
    expect([0, 0.5, 1].map(normalQuantile)).toEqual([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]);
    for (const p of [-0.1, 1.1, Number.NaN]) expect(normalQuantile(p)).toBeNaN();
  });
});

describe("the Beta distribution", () => {
  test("I_x(a, b), its small values by as many digits as its large ones", () => {
    for (const [x, a, b, v] of rows("beta")) expect(off(incompleteBeta(x!, a!, b!), v!), `I_${x}(${a}, ${b})`).toBeLessThan(1e-13);
    expect(incompleteBeta(0, 2, 3)).toBe(0);
    expect(incompleteBeta(1, 2, 3)).toBe(1);
  });
  test("its quantile, and what is left to 1", () => {
    for (const [p, a, b, x, y] of rows("quantile")) {
      const found = betaQuantile(p!, a!, b!);
      expect(off(found.x, x!), `${p} of Beta(${a}, ${b})`).toBeLessThan(1e-14);
      expect(off(found.y, y!), `${p} of Beta(${a}, ${b})`).toBeLessThan(1e-14);
    }
  });
});

describe("the bound of Clopper and Pearson", () => {
  test("is near the exact one, and never above it", () => {
    for (const [k, n, alpha, p, q] of rows("clopperPearson")) {
      const found = clopperPearson(k!, n!, alpha!);
      expect(found, `${k} of ${n} at ${alpha}`).toBeLessThan(p!);
      expect(off(found, p!)).toBeLessThan(5e-13);
      // of what is left to 1 no digit is lost but those that p has no room for
      expect((1 - found - q!) / q!).toBeLessThan(5e-13 + 2 ** -51 / q!);
    }
  });

  test("is α^(1/n) where all succeed, 0 where none does, and grows with each success", () => {
    for (const n of [1, 7, 1000, 1e5, 1e7, 1e9]) {
      // 1 − α^(1/n)
      const rest = -Math.expm1(Math.log(0.001) / n);
      expect(Math.abs(1 - clopperPearson(n, n, 0.001) - rest)).toBeLessThan(5e-13 * rest + 2 ** -51);
      expect(clopperPearson(n, n, 0.001)).toBeLessThan(1 - rest);
      expect(clopperPearson(0, n, 0.001)).toBe(0);
    }
    for (let k = 1; k <= 200; k++) expect(clopperPearson(k, 200, 0.01)).toBeGreaterThan(clopperPearson(k - 1, 200, 0.01));
  });

  /** P(Bin(n, p) = k) for k = 0…n, each from the one before. */
  const chances = (n: number, p: number): number[] => {
    const out = [(1 - p) ** n];
    for (let k = 1; k <= n; k++) out.push((out[k - 1]! * (n - k + 1) * p) / (k * (1 - p)));
    return out;
  };
  const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);

  test.each([0.2, 0.05, 0.001])("covers every chance at α = %f, and nowhere more than needed", (alpha) => {
    const n = 60;
    const bounds = Array.from({ length: n + 1 }, (_, k) => clopperPearson(k, n, alpha));
    for (let p = 0.005; p < 1; p += 0.005) {
      const covered = sum(chances(n, p).filter((_, k) => bounds[k]! <= p));
      expect(covered, `p = ${p}`).toBeGreaterThanOrEqual(1 - alpha - 1e-12);
    }
    // a chance just under a bound is missed exactly α of the time
    for (let k = 1; k < n; k++) {
      const missed = sum(chances(n, bounds[k]!).slice(k));
      expect(missed).toBeLessThanOrEqual(alpha);
      expect(missed).toBeGreaterThan(alpha * (1 - 1e-11));
    }
  });
});

test("the ceiling σ·Φ⁻¹(α^(1/N)): 3.811 σ for 100,000 copies at α = 0.001", () => {
  expect(smoothingCeiling(1, 100_000, 0.001)).toBeCloseTo(3.811, 3);
  for (const [n, alpha, z] of rows("ceiling")) {
    const found = smoothingCeiling(0.25, n!, alpha!);
    expect(found, `${n} copies at ${alpha}`).toBeLessThan(0.25 * z!);
    expect(0.25 * z! - found).toBeLessThan(1e-12);
  }
});
