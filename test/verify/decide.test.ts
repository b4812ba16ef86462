import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { fold, seedKey, size } from "../../src/base/index.ts";
import { read } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile, openFile } from "../../src/run/index.ts";
import { evaluate, type Network } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";
import { type DecideOptions, type Decision, decide, type Replay } from "../../src/verify/search/decide.ts";
import { cornerStart, descend } from "../../src/verify/search/falsify.ts";
import { goalOf } from "../../src/verify/search/goal.ts";
import { enclosure, holds, readSpecification, requirement, type Specification } from "../../src/verify/spec/index.ts";
import { KINDS, type Kind, randomGraph } from "./network.ts";

const FOLDER = resolve(process.env.COUNTERFOIL_VNNCOMP ?? "../shared/vnncomp");
const present = existsSync(FOLDER);
if (!present) process.stderr.write(`test/verify/decide: no benchmarks at ${FOLDER} (COUNTERFOIL_VNNCOMP)\n`);

const known = (net: ReturnType<typeof networkOf>): Network => {
  if ("unread" in net) throw new Error(net.unread);
  return net;
};

async function decided(
  model: string,
  property: string,
  options: DecideOptions,
): Promise<{ decision: Decision; specification: Specification; network: Network }> {
  const bytes = new Uint8Array(readFileSync(model));
  const graph = read(bytes, builder());
  const { specification } = await readSpecification(new Uint8Array(readFileSync(property)), property);
  const file = await openFile(bytes, { threads: 1 });
  const shape = graph.inputs[0]!.type.shape;
  const replay: Replay = async (x) => {
    const [y] = await file.run([{ dtype: "float32", shape, data: x }]);
    return holds(specification, x, y!.data as Float32Array) ? (y!.data as Float32Array) : null;
  };
  const network = known(networkOf(graph));
  const decision = await decide(network, specification, replay, options);
  await file.release();
  return { decision, specification, network };
}

/** Whether any of many corners and random points of the boxes is a counterexample in float64. */
const attacked = (network: Network, specification: Specification, tries: number): boolean =>
  specification.regions.some((region) => {
    const box = enclosure(region);
    return Array.from({ length: tries }, (_, s) => cornerStart(box, fold(seedKey(9), s))).some((x) =>
      holds({ ...specification, regions: [region] }, x, evaluate(network, x).at(-1)!),
    );
  });

describe.skipIf(!present)("public benchmarks", () => {
  const acas = (net: string, property: number) =>
    [`acasxu/onnx/ACASXU_run2a_${net}_batch_2000.onnx`, `acasxu/vnnlib/prop_${property}.vnnlib`] as const;
  const cases = [
    ["test/test_nano.onnx", "test/test_nano.vnnlib", "unsat"],
    ["test/test_small.onnx", "test/test_small.vnnlib", "unsat"],
    ["test/test_tiny.onnx", "test/test_tiny.vnnlib", "unsat"],
    ["test/test_sat.onnx", "test/test_prop.vnnlib", "sat"],
    ["test/test_unsat.onnx", "test/test_prop.vnnlib", "unsat"],
    [...acas("1_1", 1), "unsat"],
    [...acas("2_1", 3), "unsat"],
    [...acas("2_2", 1), "unsat"],
    [...acas("2_9", 2), "sat"],
    [...acas("4_5", 10), "unsat"],
  ] as const;
  for (const [model, property, expected] of cases)
    test(`${model} ${property}: ${expected}`, async () => {
      const { decision, specification, network } = await decided(`${FOLDER}/${model}`, `${FOLDER}/${property}`, { timeout: 100 });
      expect(decision.verdict).toBe(expected);
      if (expected === "sat") expect(holds(specification, decision.counterexample!.x, decision.counterexample!.y)).not.toBeNull();
      else expect(attacked(network, specification, 500)).toBe(false);
    });

  test("stops when the time is up, and says so", async () => {
    const [model, property] = acas("3_3", 2);
    const { decision } = await decided(`${FOLDER}/${model}`, `${FOLDER}/${property}`, { timeout: 0.5, starts: 1 });
    expect(decision.verdict).toBe("timeout");
    expect(decision.seconds).toBeLessThan(2.5);
  });
});

/** A random network, a small box, and the least output of 4,000 corners and points of it: the best of them is within 0.2 of the least there is. */
function sampled(kind: Kind, seed: number) {
  const graph = randomGraph(kind, seed);
  const n = size(graph.inputs[0]!.type.shape);
  const network = known(networkOf(graph));
  const wide = n > 3 ? 0.05 : 0.5;
  const box = { low: new Float64Array(n).fill(-wide), high: new Float64Array(n).fill(wide) };
  let least = Number.POSITIVE_INFINITY;
  for (let s = 0; s < 4000; s++) least = Math.min(least, evaluate(network, cornerStart(box, fold(seedKey(seed), s))).at(-1)![0]!);
  return { graph, network, box, least };
}

describe("random networks", () => {
  const SEEDS = [0, 1, 2];
  const drawn = new Map<Kind, ReturnType<typeof sampled>[]>();
  /** Once for both ways to split. */
  const samplesOf = (kind: Kind) => {
    const found = drawn.get(kind) ?? SEEDS.map((seed) => sampled(kind, seed));
    drawn.set(kind, found);
    return found;
  };
  for (const [kind, split] of KINDS.flatMap((k) => [[k, "input"] as const, [k, "rectifier"] as const]))
    test(`${kind}, ${split} splits: a claim just above the least output found is refuted, and one well below it proven`, async () => {
      for (const [seed, { graph, network, box, least }] of samplesOf(kind).entries()) {
        const shape = graph.inputs[0]!.type.shape;
        const program = await compile(graph, { threads: 1 });
        const claim = async (above: number) => {
          const specification = requirement(
            { inputs: { low: Array.from(box.low), high: Array.from(box.high) }, stays: [{ output: 0, above }] },
            "claim",
            2,
          );
          const replay: Replay = async (x) => {
            const [y] = await program.run([{ dtype: "float32", shape, data: x }]);
            return holds(specification, x, y!.data as Float32Array) ? (y!.data as Float32Array) : null;
          };
          return (await decide(network, specification, replay, { timeout: 20, split })).verdict;
        };
        expect(await claim(least - 0.2), `seed ${seed}`).toBe("unsat");
        expect(await claim(least + 0.01), `seed ${seed}`).toBe("sat");
        await program.release();
      }
    });

  for (const kind of ["deep", "residual", "residual curves"] as const)
    test(`${kind}: of fourteen disjuncts, refuted together in two groups, each is found where it can be met`, async () => {
      let parts = 0;
      for (const [seed, { graph, network, box }] of samplesOf(kind).slice(0, 2).entries()) {
        const points = Array.from({ length: 1000 }, (_, s) => evaluate(network, cornerStart(box, fold(seedKey(seed), s))).at(-1)!);
        const least = Array.from({ length: 14 }, (_, d) => {
          const [a, b] = [Math.cos(d), Math.sin(d)];
          return { a, b, value: Math.min(...points.map((y) => a * y[0]! + b * y[1]!)) };
        });
        const bounds = (names: string) =>
          Array.from(box.low, (l, j) => `(>= ${names}${j} ${l}) (<= ${names}${j} ${box.high[j]})`).join(" ");
        const declared = [...box.low.keys()].map((j) => `(declare-const X_${j} Real)`).join("");
        const shape = graph.inputs[0]!.type.shape;
        const program = await compile(graph, { threads: 1 });
        const verdict = async (met: number | null) => {
          const rows = least.map(({ a, b, value }, d) => {
            const row = `(<= (+ (* ${a} Y_0) (* ${b} Y_1)) ${d === met ? value + 0.01 : value - 0.2})`;
            // every other one has a second row, that always holds
            return d % 2 === 0 ? row : `(and (<= Y_0 1000.0) ${row})`;
          });
          const text = `${declared}(declare-const Y_0 Real)(declare-const Y_1 Real)(assert (and ${bounds("X_")}))(assert (or ${rows.join(" ")}))`;
          const { specification } = await readSpecification(new TextEncoder().encode(text), "fourteen");
          const replay: Replay = async (x) => {
            const [y] = await program.run([{ dtype: "float32", shape, data: x }]);
            return holds(specification, x, y!.data as Float32Array) ? (y!.data as Float32Array) : null;
          };
          // the search alone
          const decision = await decide(network, specification, replay, { timeout: 100, split: "rectifier", starts: 0 });
          parts += decision.parts;
          return decision.verdict;
        };
        expect(await verdict(null), `seed ${seed}`).toBe("unsat");
        for (const d of [1, 2, 3, 13]) expect(await verdict(d), `seed ${seed}, disjunct ${d}`).toBe("sat");
        await program.release();
      }
      expect(parts).toBeGreaterThan(8);
    });

  for (const kind of ["sigmoid", "residual curves", "gelu", "waves", "products"] as const)
    test(`${kind}: near the least output boxes are halved until it is decided`, async () => {
      let halved = 0;
      for (let seed = 0; seed < 4; seed++) {
        const graph = randomGraph(kind, seed);
        const network = known(networkOf(graph));
        const box = { low: new Float64Array(3).fill(-1), high: new Float64Array(3).fill(1) };
        const output = goalOf(network, [[{ outputs: [[0, 1]], inputs: [], bound: -1e6 }]]);
        const starts = Array.from({ length: 300 }, (_, s) => cornerStart(box, fold(seedKey(seed), s)));
        const least = Math.min(...starts.map((start) => descend(output, box, start, 60, 0).distance)) - 1e6;
        const program = await compile(graph, { threads: 1 });
        const claim = async (above: number) => {
          const inputs = { low: Array.from(box.low), high: Array.from(box.high) };
          const specification = requirement({ inputs, stays: [{ output: 0, above }] }, "claim", 2);
          return decide(
            network,
            specification,
            async (x) => {
              const [y] = await program.run([{ dtype: "float32", shape: [1, 3], data: x }]);
              return holds(specification, x, y!.data as Float32Array) ? (y!.data as Float32Array) : null;
            },
            { timeout: 30 },
          );
        };
        const [proven, refuted] = [await claim(least - 0.01), await claim(least + 0.002)];
        expect([proven.verdict, refuted.verdict], `seed ${seed}`).toEqual(["unsat", "sat"]);
        halved += proven.parts;
        await program.release();
      }
      expect(halved).toBeGreaterThan(8);
    });

  test("a disjunct without outputs is met by any point that there is", async () => {
    const network = known(networkOf(randomGraph("dense", 1)));
    const spec = await readSpecification(
      new TextEncoder().encode(
        "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const X_2 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)(assert (and (>= X_0 0)(<= X_0 1)(>= X_1 0)(<= X_1 1)(>= X_2 0)(<= X_2 1)))",
      ),
      "any",
    );
    const decision = await decide(network, spec.specification, async () => new Float32Array(2));
    expect(decision.verdict).toBe("sat");
  });
});
