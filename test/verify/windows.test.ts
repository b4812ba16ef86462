/** Bounds where elements depend on windows of others, by the ways that are cheaper there: what they must equal is the way of all rows. */
import { describe, expect, test } from "vitest";
import { seedKey, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { builder } from "../../src/pass/index.ts";
import { Backward } from "../../src/verify/bound/backward.ts";
import { Local } from "../../src/verify/bound/local.ts";
import { Multipliers, placesOf, type Split } from "../../src/verify/bound/multipliers.ts";
import type { Relaxation } from "../../src/verify/bound/relaxation.ts";
import { pricesOf } from "../../src/verify/bound/rows.ts";
import { Tightener } from "../../src/verify/bound/tighten.ts";
import { columnsOf, gathered, LANES, turned } from "../../src/verify/net/columns.ts";
import { pulled, type Sparse, sparse, terms } from "../../src/verify/net/linear.ts";
import { evaluate, type Network } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";
import { draw } from "./network.ts";

const SIDE = 12;

/** Three convolutions, the last of which may be added to what it reads, leaky rectifiers or others, and a layer of 12. */
function convolutions(seed: number): Network {
  const e = builder();
  const x = input("float32", [1, 1, SIDE, SIDE]);
  let drawn = 100 * seed;
  const weights = (shape: readonly number[], scale: number) => e.constant(draw(shape, drawn++, scale));
  const bend = (y: typeof x) => (seed % 3 === 2 ? e.node("LeakyRelu", [y], { alpha: 0.1 })[0]! : e.Relu(y));
  const conv = (y: typeof x, c: number) => e.Conv(y, weights([3, c, 3, 3], 0.4), weights([3], 0.3), { pads: [1, 1, 1, 1] });
  const one = bend(e.Conv(x, weights([3, 1, 3, 3], 0.5), weights([3], 0.3), { strides: [1, 1], pads: [1, 1, 1, 1] }));
  const two = conv(one, 3);
  const three = seed % 2 === 0 ? e.Add(two, conv(bend(two), 3)) : conv(bend(two), 3);
  const flat = e.node("Flatten", [bend(three)])[0]!;
  const n = flat.type.shape[1]!;
  const y = e.Add(e.MatMul(flat, weights([n, 12], 1 / Math.sqrt(n))), weights([12], 0.3));
  const net = networkOf({ inputs: [x], outputs: [y] }, seed % 4 === 3 ? "float32" : "real");
  if ("unread" in net) throw new Error(net.unread);
  return net;
}

function boxOf(seed: number, width: number): [Float64Array, Float64Array] {
  const centre = uniform(seedKey(seed), SIDE ** 2, -1, 1);
  return [Float64Array.from(centre, (c) => c - width), Float64Array.from(centre, (c) => c + width)];
}

const units = (n: number): Float64Array => {
  const rows = new Float64Array(2 * n * n);
  for (let i = 0; i < n; i++) {
    rows[2 * i * n + i] = 1;
    rows[(2 * i + 1) * n + i] = -1;
  }
  return rows;
};

describe("convolutions", () => {
  for (let seed = 0; seed < 8; seed++)
    test(`${seed}: an element's bounds are those of rows passed back whole, and hold`, async () => {
      const net = convolutions(seed);
      const back = new Backward(net);
      const [low, high] = boxOf(seed, [0.01, 0.05, 0.2][seed % 3]!);
      const tightener = new Tightener(back);
      const lines = (await tightener.enclose(low, high))!;
      const middle = high.map((h, j) => (j < 40 ? 0.5 * (low[j]! + h) : h));
      const local = new Local(net, pricesOf(net));
      const read = net.vertices.flatMap((v) => (v.kind === "rectifier" ? [v.from] : []));
      expect(read.some((k) => local.fits(k))).toBe(true);
      for (const k of read) {
        const n = net.vertices[k]!.size;
        const every = Array.from({ length: n }, (_, i) => i);
        const own = await back.elements(k, every, lines);
        // few rows are passed back whole
        const few = async (over: Relaxation) => {
          const least: number[] = [];
          const rows = units(n);
          for (let r = 0; r < 2 * n; r += 4) least.push(...(await back.bound(k, rows.slice(r * n, (r + 4) * n), 4, over)).least);
          return least;
        };
        const apartBy = (one: ArrayLike<number>, other: ArrayLike<number>) =>
          Math.max(...Array.from(one, (v, r) => Math.abs(v - other[r]!)));
        const whole = await few(lines);
        expect(apartBy(own, whole)).toBeLessThan(1e-11);
        expect(apartBy((await back.bound(k, units(n), 2 * n, lines)).least, whole)).toBeLessThan(1e-11);
        // some rows over other lines than others
        const half = (await tightener.enclose(low, middle))!;
        const [mixed, halves] = [Array.from({ length: 2 * n }, (_, r) => (r % 3 === 0 ? half : lines)), await few(half)];
        const expected = whole.map((v, r) => (r % 3 === 0 ? halves[r]! : v));
        expect(apartBy((await back.bound(k, units(n), 2 * n, mixed)).least, expected)).toBeLessThan(1e-11);
        for (let s = 0; s < 40; s++) {
          const at =
            s < 20 ? uniform(seedKey(100 * seed + s), SIDE ** 2, 0, 1) : draw([SIDE ** 2], 100 * seed + s).data.map((v) => +(v > 0));
          const values = evaluate(
            net,
            low.map((l, j) => l + at[j]! * (high[j]! - l)),
          )[k]!;
          expect(values.every((v, i) => v >= own[2 * i]! - 1e-12 && -v >= own[2 * i + 1]! - 1e-12)).toBe(true);
        }
      }
    });

  test("splits of what is off are asked for as if rows were few", async () => {
    const net = convolutions(3);
    const [back, last] = [new Backward(net), net.vertices.length - 1];
    const tightener = new Tightener(back);
    const [low, high] = boxOf(3, 0.2);
    const root = (await tightener.enclose(low, high))!;
    const places = placesOf(net, root, last);
    const vertex = places.elements.findLastIndex((own) => own.length > 1);
    const splits = [0, 1].map((u): Split => ({ vertex, element: places.elements[vertex]![u]!, sign: -1 }));
    const [all, lines]: [Split[][], Relaxation[]] = [[], []];
    for (let r = 0; r < 12; r++) {
      all.push(splits);
      lines.push((await tightener.enclose(low, high, { inherited: root.enclosure, splits: all[r]!, sameBox: true }))!);
    }
    const rows = Float64Array.from(uniform(seedKey(3), 12 * 12, -1, 1));
    const bound = async (from: number, count: number) => {
      const alphas = new Float64Array(count * places.count).fill(0.4);
      const betas = Array.from({ length: count }, () => Float64Array.of(0.7, 0.2));
      const multipliers = new Multipliers(places, alphas, all.slice(from, from + count), betas);
      const { least } = await back.bound(
        last,
        rows.slice(from * 12, (from + count) * 12),
        count,
        lines.slice(from, from + count),
        multipliers,
      );
      return [...least];
    };
    const few = [...(await bound(0, 4)), ...(await bound(4, 4)), ...(await bound(8, 4))];
    const together = await bound(0, 12);
    expect(Math.max(...few.map((v, r) => Math.abs(v - together[r]!)))).toBeLessThan(1e-11);
  });

  test("an input that is NaN, or infinite, proves nothing", async () => {
    const net = convolutions(1);
    const back = new Backward(net);
    const [low, high] = boxOf(1, 0.05);
    const k = net.vertices.findIndex((v, i) => v.kind === "affine" && v.from > 0 && i > 0);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const wide = high.slice();
      wide[0] = bad;
      const lines = (await new Tightener(back).enclose(low, wide))!;
      const own = await back.elements(k, [0], lines);
      expect(own[0]! > Number.NEGATIVE_INFINITY && own[1]! > Number.NEGATIVE_INFINITY).toBe(false);
    }
  });
});

describe("columns of a sparse map", () => {
  const random = (seed: number, rows: number, columns: number): Sparse => {
    const drawn = uniform(seedKey(seed), rows * columns, -1, 1);
    return sparse(
      columns,
      Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, j) => [j, drawn[i * columns + j]!] as const).filter(([, v]) => Math.abs(v) < 0.3),
      ),
    );
  };

  for (let count = 1; count <= 17; count++)
    test(`${count} rows: some columns, of some rows, are what all are`, () => {
      const m = random(count, 11, 13);
      const some = Int32Array.of(0, 3, 4, 10);
      const which = Int32Array.of(1, 2, 12);
      const rows = Float64Array.from(uniform(seedKey(count), count * 11, -1, 1), (v, p) => (some.includes(p % 11) ? v : 0));
      const [out, whole] = [new Float64Array(count * 13).fill(0.5), new Float64Array(count * 13).fill(0.5)];
      pulled(rows, count, m, whole);
      gathered(rows, count, 11, columnsOf(turned(m), some, which), out, 13, new Float64Array(LANES * 11));
      out.forEach((v, p) => {
        expect(v).toBeCloseTo(which.includes(p % 13) ? whole[p]! : 0.5, 14);
      });
    });

  test("twice turned is as it was", () => {
    const m = random(3, 7, 5);
    expect(turned(turned(m))).toEqual(m);
    expect(terms(turned(m))).toBeGreaterThan(0);
  });
});
