/** Proofs of unsat: what the prover writes the checker accepts, bounds against patterns of rectifiers, and what was tampered with it refuses. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { fold, seedKey, sha256, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { type ModelFile, modelFile } from "../../src/run/index.ts";
import { checkProof, type Proof, type ProofNode, prove, type Query, readProof, readSpecification } from "../../src/verify/index.ts";
import { evaluate, type Network } from "../../src/verify/net/network.ts";
import { unroundedNetworkOf } from "../../src/verify/net/read.ts";
import { derived, wholeOf } from "../../src/verify/proof/domain.ts";
import { Bounds, VALUE } from "../../src/verify/proof/exact.ts";
import { exactly, Packed } from "../../src/verify/proof/integers.ts";
import { draw, type Kind, randomGraph } from "./network.ts";

const FOLDER = resolve(process.env.COUNTERFOIL_VNNCOMP ?? "../shared/vnncomp");
const present = existsSync(FOLDER);
if (!present) process.stderr.write(`test/verify/proof: no benchmarks at ${FOLDER} (COUNTERFOIL_VNNCOMP)\n`);

const RECTIFIERS: readonly Kind[] = ["dense", "deep", "leaky", "convolutional", "residual", "branches", "normalised"];
const known = (net: ReturnType<typeof unroundedNetworkOf>): Network => {
  if ("unread" in net) throw new Error(net.unread);
  return net;
};
const fileOf = async (given: Uint8Array): Promise<ModelFile> => {
  const bytes = new Uint8Array(given);
  return { bytes, path: "model.onnx", sha256: await sha256(bytes) };
};

/** Output 0 stays below a number over a box around 0. */
const claimOf = async (n: number, below: number, outputs: number): Promise<Query> => {
  const claim = { inputs: { around: Array(n).fill(0), within: 0.5 }, stays: [{ output: 0, below }] };
  return readSpecification(new TextEncoder().encode(JSON.stringify(claim)), "claim", { outputs });
};

function judged(proof: unknown, file: ModelFile, query: Query, property = "p"): string | null {
  const checking = checkProof(JSON.parse(JSON.stringify(proof)), file, query, property);
  for (;;) {
    const step = checking.next();
    if (step.done) return step.value;
  }
}

test("products of long integers are those of their parts", () => {
  const values = exactly(draw([12 * 7], 3).data).values;
  const rows = Array.from({ length: 12 }, (_, i) => values.slice(7 * i, 7 * i + 7));
  const packed = new Packed(rows, 7);
  for (const bits of [0n, 10n, 90n, 3n]) {
    const c = exactly(draw([12], 4).data).values.map((v) => v << bits);
    const sums = Array.from({ length: 7 }, (_, j) => c.reduce((sum, v, i) => sum + v * rows[i]![j]!, 0n));
    expect(packed.times(c)).toEqual(sums);
  }
});

describe.each(RECTIFIERS)("%s networks", (kind) => {
  test("values lie within the exact bounds", () => {
    for (let seed = 1; seed <= 3; seed++) {
      const network = known(unroundedNetworkOf(randomGraph(kind, seed)));
      const n = network.vertices[0]!.size;
      const ends = (x: number) => Array.from({ length: n }, () => ({ n: BigInt(x), d: 1n, e: -1 }));
      const { ranges } = derived(new Bounds(network), wholeOf({ low: ends(-1), high: ends(1) }));
      for (let s = 0; s < 200; s++) {
        const x = Float64Array.from(uniform(fold(seedKey(seed), s), n), (u) => u - 0.5);
        for (const [k, values] of evaluate(network, x).entries())
          for (const [i, v] of values.entries()) {
            const [l, h] = [ranges![k]!.low[i]!, ranges![k]!.high[i]!].map((b) => Number(b) * 2 ** -VALUE) as [number, number];
            if (!(v >= l - 1e-9 && v <= h + 1e-9)) expect.fail(`${kind} ${seed}: vertex ${k} element ${i}: ${v} not in [${l}, ${h}]`);
          }
      }
    }
  });

  test.each(["input", "rectifier"] as const)("splits at %ss: a proof is accepted, and of a lower border refused", async (split) => {
    if (split === "input" && ["convolutional", "normalised"].includes(kind)) return;
    const graph = randomGraph(kind, 1);
    const network = known(unroundedNetworkOf(graph));
    const file = await fileOf(write(graph));
    const n = network.vertices[0]!.size;
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < 3000; s++)
      most = Math.max(
        most,
        evaluate(
          network,
          Float64Array.from(uniform(fold(seedKey(5), s), n), (u) => Math.round(u) - 0.5),
        ).at(-1)![0]!,
      );
    const query = await claimOf(n, most + 0.15 * (1 + Math.abs(most)), 2);
    const { verdict, proof } = await prove(file, query, "p", { split, timeout: 20 });
    expect(verdict).toBe("unsat");
    expect(judged(proof, file, query)).toBeNull();
    expect(judged(proof, file, await claimOf(n, most - 0.01, 2))).toMatch(/does not refute/);
  });
});

describe("tampering", () => {
  /** y = max(x₀ + x₁, 0) + max(x₀ − x₁, 0) − 2·max(x₀, 0) = max(|x₁| − |x₀|, 0)-like: splits are needed. */
  let [file, other]: ModelFile[] = [];
  let query: Query;
  let byInput: Proof;
  let byRectifier: Proof;
  const net = (w: number) => {
    const e = builder();
    const x = input("float32", [1, 2], "x");
    const first = e.constant({ dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 1, w, 1, -1, 0) });
    const second = e.constant({ dtype: "float32", shape: [3, 1], data: Float32Array.of(1, 1, -2) });
    return write({ inputs: [x], outputs: [e.MatMul(e.Relu(e.MatMul(x, first)), second)] });
  };
  const claim = (below: number) =>
    readSpecification(
      new TextEncoder().encode(JSON.stringify({ inputs: { low: [-1, -1], high: [1, 1] }, stays: [{ output: 0, below }] })),
      "claim",
      { outputs: 1 },
    );
  beforeAll(async () => {
    [file, other] = [await fileOf(net(1)), await fileOf(net(0.5))];
    query = await claim(1.05);
    byInput = (await prove(file, query, "p", { split: "input" })).proof!;
    byRectifier = (await prove(file, query, "p", { split: "rectifier" })).proof!;
  });

  // biome-ignore lint/suspicious/noExplicitAny: proofs of any shape are what is tried
  type Any = any;
  const copy = (proof: Proof): Any => JSON.parse(JSON.stringify(proof));
  const nodes = (node: Any): Any[] => [
    node,
    ...["below", "above", "inactive", "active"].flatMap((k) => (node[k] ? nodes(node[k]) : [])),
    ...(node.each ?? []).flatMap(nodes),
  ];
  const leaves = (proof: Any): Any[] => nodes(proof.regions[0]).filter((n) => n.leaf);
  const splits = (proof: Any): Any[] => nodes(proof.regions[0]).filter((n) => n.split);

  test("both proofs hold, and split", () => {
    expect([judged(byInput, file!, query), judged(byRectifier, file!, query)]).toEqual([null, null]);
    expect(splits(byInput).length).toBeGreaterThan(0);
    expect(splits(byRectifier).length).toBeGreaterThan(0);
  });

  const swap = (node: Any, a: string, b: string) => Object.assign(node, { [a]: node[b], [b]: node[a] });
  test.each<[string, (input: Any, rectifier: Any) => Any, RegExp]>([
    [
      "a leaf dropped",
      (p) => {
        delete splits(p).find((s) => s.below.leaf).below;
        return p;
      },
      /nothing stands there/,
    ],
    [
      "a leaf emptied",
      (p) => {
        leaves(p)[0].leaf = [];
        return p;
      },
      /a refutation of each/,
    ],
    [
      "a leaf without rows",
      (p) => {
        leaves(p)[0].leaf[0].rows = [];
        return p;
      },
      /rows of disjunct/,
    ],
    [
      "a row that there is not",
      (p) => {
        leaves(p)[0].leaf[0].rows = [[7, 1]];
        return p;
      },
      /rows of disjunct/,
    ],
    [
      "a weight below 0",
      (p) => {
        leaves(p)[0].leaf[0].rows = [[0, -1]];
        return p;
      },
      /weights ≥ 0/,
    ],
    [
      "a weight of 0",
      (p) => {
        leaves(p)[0].leaf[0].rows = [[0, 0]];
        return p;
      },
      /does not refute/,
    ],
    [
      "the tree cut off",
      (p) => {
        p.regions[0] = { derive: true, leaf: [{ rows: [[0, 1]] }] };
        return p;
      },
      /does not refute/,
    ],
    [
      "a split beyond its part",
      (p) => {
        splits(p)[0].split.at = 5;
        return p;
      },
      /beyond the part/,
    ],
    [
      "a split that leaves one half too large",
      (p) => {
        splits(p)[0].split.at = 1;
        return p;
      },
      /does not refute|beyond the part/,
    ],
    [
      "a split at no number",
      (p) => {
        splits(p)[0].split.at = "0";
        return p;
      },
      /no number/,
    ],
    [
      "an input that there is not",
      (p) => {
        splits(p)[0].split.input = 2;
        return p;
      },
      /no input 2/,
    ],
    [
      "a split and a leaf",
      (p) => {
        splits(p)[0].leaf = [];
        return p;
      },
      /one of split, each and leaf/,
    ],
    [
      "no regions",
      (p) => {
        p.regions = [];
        return p;
      },
      /1 regions, the proof 0/,
    ],
    [
      "other semantics",
      (p) => {
        p.semantics = "float32";
        return p;
      },
      /semantics/,
    ],
    [
      "another model's hash",
      (p) => {
        p.model = other!.sha256;
        return p;
      },
      /another model/,
    ],
    [
      "another property's hash",
      (p) => {
        p.property = "q";
        return p;
      },
      /another property/,
    ],
    ["halves of a rectifier swapped", (_, p) => swap(splits(p)[0], "inactive", "active") && p, /does not refute|expected/],
    [
      "a slope above 1",
      (_, p) => {
        leaves(p)[0].leaf[0].alpha[0][0] = 1.001;
        return p;
      },
      /slopes from 0 to 1/,
    ],
    [
      "a slope below 0",
      (_, p) => {
        leaves(p)[0].leaf[0].alpha[0][0] = -1;
        return p;
      },
      /slopes from 0 to 1/,
    ],
    [
      "a multiplier below 0",
      (_, p) => {
        leaves(p)[0].leaf[0].beta[0] = -0.5;
        return p;
      },
      /multipliers beta ≥ 0/,
    ],
    [
      "a multiplier too few",
      (_, p) => {
        leaves(p)[0].leaf[0].beta.pop();
        return p;
      },
      /multipliers beta ≥ 0/,
    ],
    [
      "a rectifier that there is not",
      (_, p) => {
        splits(p)[0].split.rectifier = [0, 3];
        return p;
      },
      /no rectifier/,
    ],
    [
      "a disjunct left out",
      (_, p) => {
        p.regions[0].each = [];
        return p;
      },
      /a node for each of 1/,
    ],
  ])("%s", (_, change, why) => {
    expect(judged(change(copy(byInput), copy(byRectifier)), file!, query)).toMatch(why);
  });

  test("bytes of the model, and the property, whatever the hashes say", async () => {
    expect(judged(byInput, other!, query)).toMatch(/another model/);
    expect(judged({ ...byInput, model: other!.sha256 }, other!, await claim(0.9))).toMatch(/does not refute/);
    expect(judged(byInput, file!, query, "q")).toMatch(/another property/);
  });

  test("of what is false there is no proof, however it is split", async () => {
    const no = await claim(0.9);
    for (const proof of [byInput, byRectifier]) expect(judged(proof, file!, no)).toMatch(/does not refute/);
    const forged = (depth: number, box: readonly (readonly [number, number])[]): ProofNode => {
      if (depth === 0) return { derive: true, leaf: [{ rows: [[0, 1]] }] };
      const [l, h] = box[depth % 2]!;
      const at = (l + h) / 2;
      const half = (a: number, b: number) => box.map((own, j) => (j === depth % 2 ? ([a, b] as const) : own));
      return { split: { input: depth % 2, at }, below: forged(depth - 1, half(l, at)), above: forged(depth - 1, half(at, h)) };
    };
    const regions = [forged(8, [[-1, 1], [-1, 1]])]; // biome-ignore format: one line
    expect(judged({ ...byInput, regions }, file!, no)).toMatch(/does not refute/);
    expect((await prove(file!, no, "p")).verdict).toBe("sat");
  });

  test("nests that no search has made are refused, not run into", () => {
    let node: unknown = { leaf: [{ rows: [[0, 1]] }] };
    for (let k = 0; k < 1500; k++) node = { each: [node] };
    expect(judged({ ...byInput, regions: [node] }, file!, query)).toMatch(/nested more than/);
  });

  test("what is nested deeper than the stack is refused as well", () => {
    const nest = (n: number) => JSON.parse(`${"[".repeat(n)}${"]".repeat(n)}`);
    const forged = { ...byInput, regions: [{ leaf: [{ rows: nest(100_000) }] }] };
    const checking = checkProof(forged, file!, query, "p");
    expect(checking.next()).toMatchObject({ done: true, value: expect.stringMatching(/expected rows of disjunct 0/) });
  });

  test("what is no proof's file is refused", () => {
    expect(() => readProof("{", "p.json")).toThrow(/JSON in p.json/);
    expect(() => readProof("{}", "p.json")).toThrow(/format counterfoil-proof-1/);
  });
});

/**
 * y = v·max(W·x + b, 0) of two inputs is linear within each pattern of rectifiers, so it is greatest where two kinks, or edges of the box, meet:
 * all patterns are looked at, with none of what proves.
 */
test.each([1, 2, 3])("patterns of rectifiers, all of them, say the same (%i)", async (seed) => {
  const hidden = 5;
  const [W, b, v] = [draw([2, hidden], 10 * seed), draw([hidden], 10 * seed + 1, 0.3), draw([hidden, 1], 10 * seed + 2)];
  const e = builder();
  const x = input("float32", [1, 2], "x");
  const y0 = e.MatMul(e.Relu(e.Add(e.MatMul(x, e.constant(W)), e.constant(b))), e.constant(v));
  const file = await fileOf(write({ inputs: [x], outputs: [y0] }));
  const kinks = Array.from({ length: hidden }, (_, i) => [W.data[i]!, W.data[hidden + i]!, b.data[i]!] as const);
  const edges = [0, 1].flatMap((j) => [-0.5, 0.5].map((c) => [1 - j, j, -c] as const));
  const y = (p: number, q: number) => kinks.reduce((sum, [w, u, c], i) => sum + v.data[i]! * Math.max(w * p + u * q + c, 0), 0);
  let most = Number.NEGATIVE_INFINITY;
  for (const [a, c, d] of [...kinks, ...edges])
    for (const [f, g, h] of [...kinks, ...edges]) {
      const det = a * g - c * f;
      const [p, q] = [(c * h - d * g) / det, (d * f - a * h) / det];
      if (Math.abs(p) <= 0.5 + 1e-9 && Math.abs(q) <= 0.5 + 1e-9) most = Math.max(most, y(p, q));
    }
  const [above, below] = [await claimOf(2, most + 1e-3, 1), await claimOf(2, most - 1e-3, 1)];
  for (const split of ["input", "rectifier"] as const) {
    const { verdict, proof } = await prove(file, above, "p", { split, timeout: 20 });
    expect([verdict, judged(proof, file, above)]).toEqual(["unsat", null]);
    expect(judged(proof, file, below)).toMatch(/does not refute/);
    expect((await prove(file, below, "p", { split, timeout: 2 })).proof).toBeNull();
  }
});

test("of a network that gives back its input, rows over both are rows over one", async () => {
  const e = builder();
  const x = input("float32", [1, 1], "x");
  const file = await fileOf(write({ inputs: [x], outputs: [e.node("Identity", [x])[0]!] }));
  // x − 5y = −4x is not above 0 on [1, 2], and x alone is
  const claim = (above: number) =>
    readSpecification(
      new TextEncoder().encode(JSON.stringify({ inputs: { low: [1], high: [2] }, stays: [{ sum: { x0: 1, y0: -5 }, above }] })),
      "claim",
      { outputs: 1 },
    );
  const proof = { format: "counterfoil-proof-1", model: file.sha256, property: "p", semantics: "real" };
  const regions = [{ derive: true, leaf: [{ rows: [[0, 1]] }] }];
  expect(judged({ ...proof, regions }, file, await claim(0))).toMatch(/does not refute/);
  expect(judged({ ...proof, regions }, file, await claim(-9))).toBeNull();
  expect((await prove(file, await claim(0), "p")).verdict).toBe("sat");
});

test("curves and float32 are refused before anything is searched", async () => {
  const e = builder();
  const x = input("float32", [1, 1], "x");
  const file = await fileOf(write({ inputs: [x], outputs: [e.Sigmoid(x)] }));
  await expect(prove(file, await claimOf(1, 2, 1), "p")).rejects.toThrow(/[Ss]igmoid/);
  await expect(prove(file, await claimOf(1, 2, 1), "p", { semantics: "float32" })).rejects.toThrow(/semantics/);
});

describe.skipIf(!present)("public benchmarks", () => {
  test.each([
    ["test/test_small.onnx", "test/test_small.vnnlib"],
    ["test/test_nano.onnx", "test/test_nano.vnnlib"],
    ["acasxu/onnx/ACASXU_run2a_1_6_batch_2000.onnx", "acasxu/vnnlib/prop_4.vnnlib"],
  ])("%s %s", async (model, property) => {
    const file = await modelFile(`${FOLDER}/${model}`);
    const bytes = new Uint8Array(readFileSync(`${FOLDER}/${property}`));
    const query = await readSpecification(bytes, property);
    const { verdict, proof } = await prove(file, query, await sha256(bytes), { timeout: 60 });
    expect(verdict).toBe("unsat");
    expect(judged(proof, file, query, await sha256(bytes))).toBeNull();
  });
});
