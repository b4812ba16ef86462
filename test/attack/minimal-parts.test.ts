/** What the attacks that seek the smallest perturbation are made of. */
import { expect, test } from "vitest";
import { domain, l2, margin } from "../../src/attack/index.ts";
import { Nearest, towardsBoundary } from "../../src/attack/nearest.ts";
import { type Search, searchEach } from "../../src/attack/one-search.ts";
import { bestMove, type Move } from "../../src/attack/saliency.ts";
import { TanhSpace } from "../../src/attack/tanh-space.ts";
import { normal, seedKey, tensor } from "../../src/base/index.ts";
import { fakeVictim } from "./fake-victim.ts";

test("a search that is finished asks no more, and each gets its own answers", async () => {
  const victim = fakeVictim(Float32Array.of(0, 1), [0, -0.5]);
  const asked: number[][] = [];
  const watched: typeof victim = {
    ...victim,
    slopes: (loss, x, labels, others, owners) => {
      asked.push(Array.from(owners!));
      return victim.slopes(loss, x, labels, others, owners);
    },
  };
  const x = tensor([0.1, 0.2, 0.3], [3, 1]);
  function* search(start: Float32Array, _: number, i: number): Search {
    const point = start.slice();
    for (let k = 0; k <= i; k++) {
      const answers = yield Array.from({ length: i + 1 }, () => ({ point, loss: margin }));
      expect(answers.length).toBe(i + 1);
      for (const { gain } of answers) expect(gain).toBeCloseTo(point[0]! - 0.5, 6);
      point[0] = point[0]! + 1;
    }
    return point;
  }
  const found = await searchEach(watched, { x, labels: Int32Array.of(0, 0, 0) }, false, search);
  expect(asked).toEqual([
    [0, 1, 1, 2, 2, 2],
    [1, 1, 2, 2, 2],
    [2, 2, 2],
  ]);
  expect([...found.data]).toEqual([1.1, 2.2, 3.3].map((v) => expect.closeTo(v, 5)));
});

test("the way back stops a thousandth from the boundary, and never gives up the best point", () => {
  const x = Float32Array.of(0);
  for (const boundary of [0.001, 0.37, 0.9999]) {
    const best = new Nearest(x, l2);
    best.offer(Float32Array.of(0.5), -1);
    expect(best.won).toBe(false);
    best.offer(Float32Array.of(1), 1);
    best.offer(Float32Array.of(0.2), -0.1);
    const way = towardsBoundary(x, best);
    for (let step = way.next(); !step.done; ) {
      const z = step.value[0]!.point[0]!;
      step = way.next([{ logits: new Float32Array(), gradient: new Float32Array(), gain: z - boundary, loss: Number.NaN }]);
    }
    expect(best.distance).toBeGreaterThan(boundary);
    expect(best.distance).toBeLessThanOrEqual(boundary + 1e-3);
  }
});

test("tanh space holds every point of the box, edges and unlimited features too", () => {
  const low = Float32Array.of(0, 0, -3, 2, Number.NEGATIVE_INFINITY, 0);
  const high = Float32Array.of(1, 1, 7, 2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  const space = new TanhSpace(domain([6], { low, high }));
  const x = Float32Array.of(0, 1, 0.3, 2, -55, 4);
  const out = new Float32Array(6);
  const w = space.of(x);
  expect(w.every(Number.isFinite)).toBe(true);
  space.point(w, out);
  expect([...out]).toEqual([...x]);
  space.point(
    w.map((v) => v - 100),
    out,
  );
  expect([...out]).toEqual([0, 0, -3, 2, -155, 0]);
  // dx'/dw by differences
  const slope = new Float64Array(6).fill(1);
  space.pullBack(w, slope);
  const h = 1e-3;
  const at = (d: number) => {
    const z = new Float32Array(6);
    space.point(
      w.map((v, j) => v + (j === 1 ? -2 * h : 2 * h) + d),
      z,
    );
    return z;
  };
  const [above, below] = [at(h), at(-h)];
  for (const j of [0, 1, 2, 4, 5]) expect(Math.abs((above[j]! - below[j]!) / (2 * h) - slope[j]!)).toBeLessThan(0.01 * slope[j]! + 2e-2);
  expect(slope[3]).toBe(0);
});

test("the best pair is that of a search over all pairs", () => {
  for (let k = 0; k < 40; k++) {
    // every feature may go up or down
    const [a, b] = [normal(seedKey(k), 15), normal(seedKey(k + 100), 15)];
    const moves: Move[] = Array.from(a, (v, j) => [1, -1].map((sign) => ({ j, to: sign, a: sign * v, b: sign * b[j]! }))).flat();
    let best = 0;
    for (const p of moves)
      for (const q of moves) if (p.j < q.j && p.a + q.a > 0 && p.b + q.b < 0) best = Math.max(best, -(p.a + q.a) * (p.b + q.b));
    const [p, q] = bestMove(moves, 2);
    expect(p!.j).not.toBe(q!.j);
    expect(-(p!.a + q!.a) * (p!.b + q!.b)).toBe(best);
  }
  expect(bestMove([{ j: 0, to: 1, a: -1, b: 1 }], 2)).toEqual([]);
  expect(bestMove([{ j: 0, to: 1, a: 1, b: 1 }], 1).map((m) => m.j)).toEqual([0]);
});
