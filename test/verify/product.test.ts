/** Planes and enclosures of products, beside exact arithmetic. */
import { describe, expect, test } from "vitest";
import { fold, seedKey, uniform } from "../../src/base/index.ts";
import { encloseProduct, type Plane, planeAbove, planeBelow } from "../../src/verify/bound/bends.ts";
import { rational } from "../../src/verify/spec/index.ts";

const { add, compare, fromNumber, multiply } = rational;

/** [lx, hx, ly, hy]: of one sign, across 0, points, tiny and huge. */
function boxes(count: number): [number, number, number, number][] {
  return Array.from({ length: count }, (_, k) => {
    const u = uniform(fold(seedKey(5), k), 8, -1, 1);
    const side = (at: number): [number, number] => {
      const size = 10 ** ([0, 0, 1, -5, 80, -160, -300][k % 7]! * (at === 0 ? 1 : Math.abs(u[7]!)));
      const width = [0, 1e-12, 0.01, 1, 1][(k >> at) % 5]! * size;
      const centre = size * u[at]!;
      return u[6]! > 0.9 ? [0, width] : [centre - width, centre + width];
    };
    return [...side(0), ...side(1)] as [number, number, number, number];
  });
}

/** Points of the box: corners, and where a plane through others might touch. */
const points = ([lx, hx, ly, hy]: readonly number[], k: number): [number, number][] => {
  const u = uniform(fold(seedKey(6), k), 8);
  const within = (l: number, h: number, share: number) => Math.min(Math.max(l + share * (h - l), l), h);
  const inside = [0, 1, 2, 3].map((i): [number, number] => [within(lx!, hx!, u[2 * i]!), within(ly!, hy!, u[2 * i + 1]!)]);
  return [[lx!, ly!], [lx!, hy!], [hx!, ly!], [hx!, hy!], ...inside];
};

/** −1 where p·x + q·y + t lies below x·y, exactly. */
const side = ({ p, q, t }: Plane, x: number, y: number): number => {
  const [X, Y] = [fromNumber(x), fromNumber(y)];
  const plane = add(add(multiply(fromNumber(p), X), multiply(fromNumber(q), Y)), fromNumber(t));
  return compare(plane, multiply(X, Y));
};

const broken = (box: [number, number, number, number], k: number, below: Plane, above: Plane): number =>
  points(box, k).filter(([x, y]) => side(below, x, y) > 0 || side(above, x, y) < 0).length;

describe("products", () => {
  const all = boxes(4000);

  test("lie above the one plane and below the other", () => {
    for (const [k, box] of all.entries()) expect(broken(box, k, planeBelow(...box), planeAbove(...box)), `${box}`).toBe(0);
  });

  test("lie in their enclosures, and 0 stays where one sign is known", () => {
    for (const [k, [lx, hx, ly, hy]] of all.entries()) {
      const bounds = { low: [lx, ly, 0].map((v) => Float64Array.of(v)), high: [hx, hy, 0].map((v) => Float64Array.of(v)) };
      encloseProduct({ kind: "product", size: 1, from: [0, 1] }, 2, bounds);
      const [low, high] = [bounds.low[2]![0]!, bounds.high[2]![0]!];
      for (const [x, y] of points([lx, hx, ly, hy], k)) {
        const xy = multiply(fromNumber(x), fromNumber(y));
        expect(compare(fromNumber(low), xy) <= 0 && compare(xy, fromNumber(high)) <= 0, `${[lx, hx, ly, hy]}`).toBe(true);
      }
      if (lx >= 0 && ly >= 0) expect(low).toBeGreaterThanOrEqual(0);
      if (lx >= 0 && hy <= 0) expect(high).toBeLessThanOrEqual(0);
    }
  });

  test("are as near to their planes in the middle as McCormick's, and a hundredth nearer is caught", () => {
    let [tried, caught] = [0, 0];
    for (const [k, box] of all.entries()) {
      const [lx, hx, ly, hy] = box;
      const [x, y] = [0.5 * lx + 0.5 * hx, 0.5 * ly + 0.5 * hy];
      const gap = 0.25 * (hx - lx) * (hy - ly);
      if (!(gap > 1e-9 * Math.max(Math.abs(lx), Math.abs(hx)) * Math.max(Math.abs(ly), Math.abs(hy)) && gap > 1e-280)) continue;
      const [below, above] = [planeBelow(...box), planeAbove(...box)];
      expect(x * y - (below.p * x + below.q * y + below.t)).toBeLessThan(1.001 * gap);
      expect(above.p * x + above.q * y + above.t - x * y).toBeLessThan(1.001 * gap);
      tried++;
      const [up, down] = [
        { ...below, t: below.t + 0.01 * gap },
        { ...above, t: above.t - 0.01 * gap },
      ];
      if (broken(box, k, up, above) > 0 && broken(box, k, below, down) > 0) caught++;
    }
    expect(tried).toBeGreaterThan(500);
    expect(caught).toBe(tried);
  });

  test("of NaN are NaN, which proves nothing", () => {
    for (const box of [
      [Number.NaN, 1, 0, 1],
      [0, Number.POSITIVE_INFINITY, -1, 1],
    ] as [number, number, number, number][]) {
      expect(planeBelow(...box).t > Number.NEGATIVE_INFINITY).toBe(false);
      expect(planeAbove(...box).t < Number.POSITIVE_INFINITY).toBe(false);
    }
  });
});
