import { describe, expect, test } from "vitest";
import { fold, normal, seedKey, size, uniform } from "../../src/base/index.ts";
import { compile } from "../../src/run/index.ts";
import { Backward } from "../../src/verify/bound/backward.ts";
import type { Ball } from "../../src/verify/bound/concretize.ts";
import { Tightener } from "../../src/verify/bound/tighten.ts";
import { evaluate, type Network } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";
import { decide } from "../../src/verify/search/decide.ts";
import { brought } from "../../src/verify/search/falsify.ts";
import { holds, robustness } from "../../src/verify/spec/index.ts";
import { KINDS, randomGraph } from "./network.ts";

const networkFor = (kind: (typeof KINDS)[number], seed: number): Network => {
  const net = networkOf(randomGraph(kind, seed));
  if ("unread" in net) throw new Error(net.unread);
  return net;
};

/** A point of the ball, on its border for even `s`; in L1 often on an axis, where the border is farthest. */
function pointOf({ norm, centre, radius }: Ball, seed: number, s: number): Float64Array {
  const key = fold(seedKey(seed), s);
  const way = norm === "l1" && s % 4 === 0 ? new Float64Array(centre.length) : Float64Array.from(normal(key, centre.length));
  if (norm === "l1" && s % 4 === 0) way[s % centre.length] = s % 8 === 0 ? 1 : -1;
  const length = norm === "l2" ? Math.hypot(...way) : way.reduce((sum, v) => sum + Math.abs(v), 0);
  const share = (s % 2 === 0 ? 1 : uniform(fold(key, 1), 1)[0]!) * radius * (1 - 1e-12);
  return centre.map((c, j) => c + (share * way[j]!) / length);
}

describe("balls in L2 and L1", () => {
  for (const norm of ["l2", "l1"] as const)
    test.each(KINDS)(`${norm}, %s: bounds hold on the border and within, and are tighter than those of the box around`, async (kind) => {
      let [ours, around, escapes] = [0, 0, 0];
      for (let seed = 0; seed < 6; seed++) {
        const net = networkFor(kind, seed);
        const centre = Float64Array.from(uniform(seedKey(seed), net.vertices[0]!.size, -0.5, 0.5));
        const ball: Ball = { norm, centre, radius: [0.05, 0.3][seed % 2]! };
        const [low, high] = [centre.map((c) => c - ball.radius), centre.map((c) => c + ball.radius)];
        const back = new Backward(net);
        const m = net.vertices.at(-1)!.size;
        const rows = Float64Array.from(uniform(seedKey(seed), 3 * m, -1, 1));
        const lines = (await new Tightener(back).enclose(low, high, { ball }))!;
        const { least } = await back.bound(net.vertices.length - 1, rows, 3, lines);
        const boxed = await back.bound(net.vertices.length - 1, rows, 3, (await new Tightener(back).enclose(low, high))!);
        least.forEach((v, r) => {
          expect(v).toBeGreaterThanOrEqual(boxed.least[r]! - 1e-9);
          ours += v;
          around += boxed.least[r]!;
        });
        for (let s = 0; s < 200; s++) {
          const values = evaluate(net, pointOf(ball, seed, s));
          const { low: l, high: h } = lines.enclosure;
          values.forEach((v, k) => {
            for (let i = 0; i < v.length; i++) if (!(v[i]! >= l[k]![i]! - 1e-12 && v[i]! <= h[k]![i]! + 1e-12)) escapes++;
          });
          for (let r = 0; r < 3; r++)
            if (!(values.at(-1)!.reduce((sum, y, i) => sum + rows[r * m + i]! * y, 0) >= least[r]! - 1e-12)) escapes++;
        }
      }
      expect(escapes).toBe(0);
      if (Number.isFinite(around)) expect(ours).toBeGreaterThan(around);
    });

  test("a linear network's margin decides exactly", async () => {
    // y₀ − y₁ = 3x₀ + 4x₁ at (1, 1): the border is 7/5 away in L2, 7/4 in L1
    const map = { kind: "dense", rows: 2, columns: 2, data: Float64Array.of(3, 4, 0, 0) } as const;
    const net: Network = {
      vertices: [
        { kind: "input", size: 2 },
        { kind: "affine", size: 2, from: 0, map, bias: null, inexact: 0 },
      ],
    };
    for (const [norm, distance] of [
      ["l2", 7 / 5],
      ["l1", 7 / 4],
    ] as const)
      for (const [radius, verdict] of [
        [distance * 0.999, "unsat"],
        [distance * 1.001, "sat"],
      ] as const) {
        const box = { low: [1 - radius, 1 - radius], high: [1 + radius, 1 + radius] };
        const specification = robustness(box, { label: 0, classes: 2, ball: { norm, centre: [1, 1], radius } });
        const replay = async (x: Float32Array) => {
          const y = Float32Array.from(evaluate(net, Float64Array.from(x)).at(-1)!);
          return holds(specification, x, y) ? y : null;
        };
        expect((await decide(net, specification, replay, { timeout: 20 })).verdict, `${norm} ${radius}`).toBe(verdict);
      }
  });

  test("what is found lies in the ball, exactly", async () => {
    const graph = randomGraph("dense", 3);
    const net = networkFor("dense", 3);
    const program = await compile(graph, { threads: 1 });
    const centre = [0.1, -0.2, 0.3];
    const [y0, y1] = evaluate(net, Float64Array.from(centre)).at(-1)!;
    const label = y0! > y1! ? 0 : 1;
    for (const norm of ["l2", "l1"] as const) {
      const box = { low: centre.map((c) => c - 3), high: centre.map((c) => c + 3) };
      const specification = robustness(box, { label, classes: 2, ball: { norm, centre, radius: 3 } });
      const replay = async (x: Float32Array) => {
        const [y] = await program.run([{ dtype: "float32", shape: graph.inputs[0]!.type.shape, data: x }]);
        return holds(specification, x, y!.data as Float32Array) ? (y!.data as Float32Array) : null;
      };
      const { verdict, counterexample } = await decide(net, specification, replay, { timeout: 20 });
      expect(verdict).toBe("sat");
      const x = counterexample!.x;
      expect(brought(Float64Array.from(x), { norm, centre: Float64Array.from(centre), radius: 3.00001 })).toEqual(Float64Array.from(x));
    }
    await program.release();
    expect(size(graph.inputs[0]!.type.shape)).toBe(3);
  });
});
