import { describe, expect, test } from "vitest";
import { size } from "../../src/base/index.ts";
import { compile } from "../../src/run/index.ts";
import { Backward } from "../../src/verify/bound/backward.ts";
import { Local } from "../../src/verify/bound/local.ts";
import type { Relaxation } from "../../src/verify/bound/relaxation.ts";
import { pricesOf } from "../../src/verify/bound/rows.ts";
import { Tightener } from "../../src/verify/bound/tighten.ts";
import { dense, selection, sparse } from "../../src/verify/net/linear.ts";
import { evaluate, type Network } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";
import { boxFor, escaped, escapes, networkFor } from "./escapes.ts";
import { draw, KINDS, type Kind, randomGraph } from "./network.ts";

describe("a network read from a graph", () => {
  for (const kind of KINDS)
    test(`${kind}: is what onnxruntime computes`, async () => {
      const graph = randomGraph(kind, 7);
      const program = await compile(graph, { threads: 1 });
      const shape = graph.inputs[0]!.type.shape;
      for (let s = 0; s < 5; s++) {
        const x = draw(shape, s);
        const [y] = await program.run([x]);
        const values = evaluate(networkFor(kind, 7), Float64Array.from(x.data));
        expect(values.at(-1)!.length).toBe(size(y!.shape));
        values.at(-1)!.forEach((v, i) => {
          expect(v).toBeCloseTo(Number(y!.data[i]), 4);
        });
      }
      await program.release();
    });
});

describe("bounds in float64", () => {
  for (const kind of KINDS)
    test(`${kind}: hold at corners and within of 40 networks`, async () => {
      for (let seed = 0; seed < 40; seed++) expect(await escapes(networkFor(kind, seed), seed), `seed ${seed}`).toBe(0);
    });

  for (const kind of KINDS)
    test(`${kind}: after ascent they hold as well`, async () => {
      const ascent = { steps: 5, enough: Number.POSITIVE_INFINITY };
      for (let seed = 0; seed < 20; seed++) expect(await escapes(networkFor(kind, seed), seed, undefined, ascent), `seed ${seed}`).toBe(0);
    });

  for (const kind of KINDS)
    test(`${kind}: what onnxruntime computes in float32 lies within the bounds of a point, with no tolerance`, async () => {
      const graph = randomGraph(kind, 11);
      const net = networkOf(graph, "float32");
      // what a machine's curves and quotients round is not known, and said so
      const plain: readonly Kind[] = ["dense", "deep", "leaky", "convolutional", "residual", "branches"];
      if ("unread" in net) return void expect([plain.includes(kind), net.unread]).toEqual([false, expect.stringContaining("machine")]);
      const program = await compile(graph, { threads: 1, optimize: "disabled" });
      const back = new Backward(net);
      const n = net.vertices.at(-1)!.size;
      const rows = new Float64Array(2 * n * n);
      for (let i = 0; i < n; i++) {
        rows[2 * i * n + i] = 1;
        rows[(2 * i + 1) * n + i] = -1;
      }
      for (let s = 0; s < 50; s++) {
        const drawn = draw(graph.inputs[0]!.type.shape, s);
        const x = Float64Array.from(drawn.data);
        const [y] = await program.run([drawn]);
        const lines = (await new Tightener(back).enclose(x, x))!;
        const { least } = await back.bound(net.vertices.length - 1, rows, 2 * n, lines);
        for (let i = 0; i < n; i++) {
          const value = Number(y!.data[i]);
          expect(lines.enclosure.low.at(-1)![i]!).toBeLessThanOrEqual(value);
          expect(lines.enclosure.high.at(-1)![i]!).toBeGreaterThanOrEqual(value);
          expect(least[2 * i]!).toBeLessThanOrEqual(value);
          expect(-least[2 * i + 1]!).toBeGreaterThanOrEqual(value);
        }
      }
      await program.release();
    });

  test("of a point are the point's value, but for rounding", async () => {
    for (const kind of KINDS) {
      const net = networkFor(kind, 3);
      const x = boxFor(net.vertices[0]!.size, 3).low;
      const back = new Backward(net);
      const all = (await new Tightener(back).enclose(x, x))!;
      const { least } = await back.bound(net.vertices.length - 1, Float64Array.of(1, 0, -1, 0), 2, all);
      const y = evaluate(net, x).at(-1)![0]!;
      expect(least[0]!).toBeLessThanOrEqual(y);
      expect(-least[1]!).toBeGreaterThanOrEqual(y);
      expect(-least[1]! - least[0]!).toBeLessThan(1e-10);
    }
  });

  test("backward bounds are tighter than intervals", async () => {
    let [linear, plain] = [0, 0];
    for (let seed = 0; seed < 10; seed++) {
      const net = networkFor("deep", seed);
      const { low, high } = boxFor(3, seed);
      const tightener = new Tightener(new Backward(net));
      const width = ({ enclosure: all }: Relaxation) => all.high.at(-3)!.reduce((s, h, i) => s + h - all.low.at(-3)![i]!, 0);
      linear += width((await tightener.enclose(low, high))!);
      plain += width((await tightener.enclose(low, high, { backward: false }))!);
    }
    expect(linear).toBeLessThan(0.8 * plain);
  });

  test("NaN in a box or a weight is NaN in the bound, which proves nothing", async () => {
    const net = networkFor("deep", 1);
    const back = new Backward(net);
    const high = Float64Array.of(1, Number.NaN, 1);
    const lines = await new Tightener(back).enclose(Float64Array.of(0, 0, 0), high);
    const { least } = await back.bound(net.vertices.length - 1, Float64Array.of(1, 0), 1, lines!);
    expect(least[0]! > 0).toBe(false);
    expect(least[0]).toBeNaN();
  });

  test("what underflows is paid for", async () => {
    const map = dense(1, 1, Float64Array.of(1e-200));
    const net: Network = {
      vertices: [
        { kind: "input", size: 1 },
        { kind: "affine", size: 1, from: 0, map, bias: null, inexact: 0 },
      ],
    };
    const back = new Backward(net);
    const lines = (await new Tightener(back).enclose(Float64Array.of(1e-200), Float64Array.of(2e-200)))!;
    // the value is 1e-400 to 4e-400, which float64 calls 0
    expect(lines.enclosure.high[1]![0]!).toBeGreaterThan(0);
    expect((await back.bound(1, Float64Array.of(-1), 1, lines)).least[0]!).toBeLessThan(0);
  });

  test("what many small products add to one number that is there already is paid for", async () => {
    // x + Σ 2⁻⁵⁴·x, a thousand times: each addition leaves the coefficient at 1
    const many = 1000;
    const tiny = selection(1, new Int32Array(many), 2 ** -54);
    const total = sparse(many, [Array.from({ length: many }, (_, i) => [i, 1] as const)]);
    const affine = { kind: "affine", bias: null, inexact: 0 } as const;
    const net: Network = {
      vertices: [
        { kind: "input", size: 1 },
        { ...affine, size: many, from: 0, map: tiny },
        { ...affine, size: 1, from: 1, map: total },
        { kind: "sum", size: 1, from: [0, 2] },
      ],
    };
    const back = new Backward(net);
    const x = Float64Array.of(-1);
    const lines = (await new Tightener(back).enclose(x, x, { backward: false }))!;
    const exact = -1 - many * 2 ** -54;
    expect((await back.bound(3, Float64Array.of(1), 1, lines)).least[0]!).toBeLessThanOrEqual(exact);
    const least = new Float64Array(2);
    new Local(net, pricesOf(net)).bound(3, 0, lines, least, 0);
    expect(least[0]!).toBeLessThanOrEqual(exact);
  });

  test("a relaxation that is wrong by a little is caught by the same count", async () => {
    let caught = 0;
    for (let seed = 0; seed < 40; seed++) {
      // enclosures of what rectifiers read, a tenth too narrow
      caught += await escapes(networkFor("deep", seed), seed, (all) => {
        for (const [k, low] of all.low.entries())
          if (k > 0)
            for (let i = 0; i < low.length; i++) {
              const cut = 0.1 * (all.high[k]![i]! - low[i]!);
              low[i]! += cut;
              all.high[k]![i]! -= cut;
            }
        return all;
      });
    }
    expect(caught).toBeGreaterThan(0);
  });

  // what the rows alone tell of a network whose curves, or whose products, are bent a hundredth too far
  const CURVED = ["sigmoid", "gelu", "gates and units", "s-shapes", "exponentials and powers", "waves", "softmax"] as const;
  test.each(CURVED)("%s: lines moved inward by a hundredth are caught by the rows alone", async (kind) => {
    let caught = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { vertices } = networkFor(kind, seed);
      const inward = { relative: 0, absolute: -0.01 };
      const net = { vertices: vertices.map((v) => (v.kind === "curve" ? { ...v, curve: { ...v.curve, value: inward } } : v)) };
      caught += (await escaped(net, seed)).rows;
    }
    expect(caught).toBeGreaterThan(0);
  });

  test("planes over boxes a hundredth too narrow are caught by the rows alone", async () => {
    const of = (place: number) => ({ kind: "affine", size: 1, from: 0, map: selection(2, [place]), bias: null, inexact: 0 }) as const;
    const net: Network = { vertices: [{ kind: "input", size: 2 }, of(0), of(1), { kind: "product", size: 1, from: [1, 2] }] };
    let caught = 0;
    for (let seed = 0; seed < 40; seed++) {
      expect(await escapes(net, seed)).toBe(0);
      const narrowed = await escaped(net, seed, (all) => {
        for (const k of [1, 2]) {
          const cut = 0.01 * (all.high[k]![0]! - all.low[k]![0]!);
          all.low[k]![0]! += cut;
          all.high[k]![0]! -= cut;
        }
        return all;
      });
      if (narrowed.rows > 0) caught++;
    }
    expect(caught).toBe(40);
  });
});
