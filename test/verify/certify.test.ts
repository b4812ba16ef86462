/** What is proven must be true: bounds below sampled minima, and no attack on a certified sample succeeds. */
import { beforeAll, describe, expect, test } from "vitest";
import { attack, linf, norms, pgd } from "../../src/attack/index.ts";
import { fold, rows, seedKey, type Tensor, uniform } from "../../src/base/index.ts";
import { loadSplits } from "../../src/data/index.ts";
import { input } from "../../src/graph/index.ts";
import { fgsmRs, pgdTraining } from "../../src/harden/index.ts";
import { openClassifier } from "../../src/model/index.ts";
import {
  averagePool,
  batchNorm,
  conv,
  dense,
  flatten,
  inferenceGraph,
  type LayerSpec,
  leakyRelu,
  maxPool,
  relu,
  sequential,
  sigmoid,
  tanh,
} from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { adam, cyclic } from "../../src/optim/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { type Adversary, fit as train } from "../../src/train/index.ts";
import { certify, certifyAll, certifyEach, METHODS, radius, type SampleCertificates } from "../../src/verify/index.ts";
import { crown } from "../laws/crown.ts";
import { ibp } from "../laws/ibp.ts";

const run = { threads: 1 } as const;
const nets: Readonly<Record<string, LayerSpec>> = {
  relu: sequential(flatten(), dense(20), relu(), dense(20), relu(), dense(4)),
  leaky: sequential(flatten(), dense(20), leakyRelu(0.1), dense(20), leakyRelu(0.3), dense(4)),
  sigmoid: sequential(flatten(), dense(16), sigmoid(), dense(16), sigmoid(), dense(4)),
  tanh: sequential(flatten(), dense(16), tanh(), dense(16), tanh(), dense(4)),
  conv: sequential(conv(4, 3, { pad: 1 }), batchNorm(), relu(), maxPool(2), conv(4, 3), relu(), flatten(), dense(4)),
  pooled: sequential(conv(4, 3, { pad: 1 }), tanh(), averagePool(2), flatten(), dense(8), relu(), dense(4)),
};
const shape = [1, 8, 8] as const;
const CLASSES = 4;
const SAMPLES = 2000;

describe.each(Object.entries(nets))("bounds of a %s network", (name, spec) => {
  const layer = spec([...shape], seedKey(5));
  // large weights make loose bounds, where a mistake shows
  const params = Object.fromEntries(
    Object.entries(layer.params).map(([k, t]) => [k, { ...t, data: (t.data as Float32Array).map((v) => 2 * v) }]),
  );
  const graph = inferenceGraph(layer, { ...params, ...layer.buffers }, { batch: 1 });

  test.each([0, 0.01, 0.05, 0.2])("ε = %f: below every sample, exact at a point", async (epsilon) => {
    const x = uniform(fold(seedKey(1), name), 64);
    const [lo, hi] = [x.map((v) => v - epsilon), x.map((v) => v + epsilon)];
    const one = (data: Float32Array): Tensor<"float32"> => ({ dtype: "float32", shape: [1, ...shape], data });
    const noise = uniform(seedKey(2), SAMPLES * 64);
    // some inside, some at the corners, where linear bounds are met
    const points = noise.map((v, i) => {
      const t = Math.floor(i / 64) % 2 ? v : Math.round(v);
      return lo[i % 64]! + t * (hi[i % 64]! - lo[i % 64]!);
    });
    const many = inferenceGraph(layer, { ...params, ...layer.buffers }, { batch: SAMPLES });
    const program = await compile(many, run);
    const [y] = await program.run([{ dtype: "float32", shape: [SAMPLES, ...shape], data: points }]);
    await program.release();
    const spec: Tensor<"float32"> = {
      dtype: "float32",
      shape: [3, CLASSES],
      data: Float32Array.of(1, -1, 0, 0, 0.5, 0.5, -2, 1, 0, 0, 0, 1),
    };
    const linear = await crown(graph, 3, run);
    const lower = await linear.lowerBounds(one(lo), one(hi), spec);
    await linear.release();
    const box = await ibp(graph, run);
    const [least, most] = await box.enclose(one(lo), one(hi));
    await box.release();
    for (let r = 0; r < 3; r++) {
      let minimum = Number.POSITIVE_INFINITY;
      for (let i = 0; i < SAMPLES; i++) {
        let v = 0;
        for (let c = 0; c < CLASSES; c++) v += spec.data[r * CLASSES + c]! * Number(y!.data[i * CLASSES + c]);
        minimum = Math.min(minimum, v);
      }
      expect(lower[r]!).toBeLessThanOrEqual(minimum + 1e-5 * Math.max(1, Math.abs(minimum)));
      if (epsilon === 0) expect(minimum - lower[r]!).toBeLessThan(1e-2 * Math.max(1, Math.abs(minimum)));
    }
    for (let i = 0; i < SAMPLES * CLASSES; i++) {
      const v = Number(y!.data[i]);
      expect(v).toBeGreaterThanOrEqual(least.data[i % CLASSES]! - 1e-5 * Math.max(1, Math.abs(v)));
      expect(v).toBeLessThanOrEqual(most.data[i % CLASSES]! + 1e-5 * Math.max(1, Math.abs(v)));
    }
  });
});

describe("on digits", async () => {
  const data = await loadSplits("mnist", { limit: 6000 });
  const small = { x: rows(data.test.x, 0, 20), labels: data.test.y.slice(0, 20) };
  const spec = sequential(conv(6, 4, { stride: 2, pad: 1 }), relu(), conv(8, 4, { stride: 2, pad: 1 }), relu(), flatten(), dense(10));
  const cases = { plain: undefined, "fgsm-rs": fgsmRs({ epsilon: 0.1 }), pgd: pgdTraining({ epsilon: 0.1 }, 3) } as const;
  const fresh = async (adversary?: Adversary): Promise<Uint8Array> => {
    const steps = 2 * Math.floor(data.train.y.length / 50);
    const { graph } = await train(spec([1, 28, 28], seedKey(1)), data.train, data.validation, {
      ...run,
      epochs: 2,
      batch: 50,
      transform: adam(),
      schedule: cyclic(8e-3, steps, 0.4),
      adversary,
    });
    return write(graph);
  };
  const files = new Map<string, Uint8Array>();
  beforeAll(async () => {
    for (const [name, adversary] of Object.entries(cases)) files.set(name, await fresh(adversary));
  });

  test.each(Object.keys(cases))("nothing certified of a network trained by %s is fooled by PGD with restarts", async (name) => {
    const victim = await openClassifier(files.get(name)!, run);
    for (const method of ["ibp", "crown"] as const)
      for (const epsilon of [0.01, 0.03, 0.06]) {
        const proof = await certify(victim, small, { ...run, epsilon, method });
        expect(proof.certifiedAccuracy).toBeLessThanOrEqual(proof.attackedAccuracy);
        expect(proof.attackedAccuracy).toBeLessThanOrEqual(proof.cleanAccuracy);
        if (method === "crown" && epsilon === 0.01) expect(proof.certifiedAccuracy).toBeGreaterThan(0.4);
        const strong = await attack(victim, small, {
          ...run,
          attack: pgd({ steps: 30 }),
          norm: linf,
          epsilon,
          restarts: 4,
          seed: 99,
        });
        for (const s of proof.samples) {
          expect(["certified", "falsified", "unknown"]).toContain(s.status);
          if (s.status === "certified") expect(strong.samples[s.index]!.success, `${name} ${method} ${epsilon} #${s.index}`).toBe(false);
          if (s.predicted !== s.label) expect(s.status).toBe("falsified");
        }
      }
    const nothing = await certify(victim, small, { ...run, epsilon: 0, method: "crown" });
    expect(nothing.certifiedAccuracy).toBe(nothing.cleanAccuracy);
    await victim.release();
  });

  test("hardening by PGD or FGSM raises accuracy under attack", async () => {
    const accuracy = async (name: keyof typeof cases) => {
      const victim = await openClassifier(files.get(name)!, run);
      const { robustAccuracy } = await attack(victim, small, {
        ...run,
        attack: pgd({ steps: 20 }),
        norm: linf,
        epsilon: 0.1,
      });
      await victim.release();
      return robustAccuracy;
    };
    const plain = await accuracy("plain");
    expect(await accuracy("fgsm-rs")).toBeGreaterThan(plain + 0.15);
    expect(await accuracy("pgd")).toBeGreaterThan(plain + 0.15);
  });
}, 120_000);

describe.each(["linf", "l2", "l1"] as const)(
  "laws in %s",
  async (norm) => {
    const scale = { linf: 1, l2: 4, l1: 150 }[norm];
    const epsilons = [0.01, 0.03, 0.1].map((v) => v * scale);
    const layer = nets.relu!([...shape], seedKey(7));
    const model = await openClassifier(write(inferenceGraph(layer, layer.params, { batch: 1 })), run);
    const n = 8;
    const x: Tensor<"float32"> = { dtype: "float32", shape: [n, ...shape], data: uniform(seedKey(3), n * 64) };
    const data = { x, labels: [...(await model.labels(x))] };
    const all = Object.fromEntries(
      await Promise.all(
        METHODS.map(async (method) => [method, await certifyAll(model, data, { ...run, epsilons, norm, method, timeout: 0.1 })] as const),
      ),
    );

    test("something is certified and something falsified", () => {
      const seen = new Set(METHODS.flatMap((m) => all[m]!.flatMap((r) => r.samples.map((s) => s.status))));
      expect([...seen]).toEqual(expect.arrayContaining(["certified", "falsified"]));
    });

    test("complete proves what CROWN proves, and CROWN what intervals do", () => {
      const proven = (m: string) =>
        all[m]!.flatMap((r, k) => r.samples.filter((s) => s.status === "certified").map((s) => `${k} ${s.index}`));
      expect(proven("crown")).toEqual(expect.arrayContaining(proven("ibp")));
      expect(proven("complete")).toEqual(expect.arrayContaining(proven("crown")));
      expect(proven("crown").length).toBeGreaterThan(proven("ibp").length);
    });

    test.each(METHODS)("%s: monotone in ε, with reasons and counterexamples that the file is wrong on", async (method) => {
      const ranks = { certified: 0, unknown: 1, falsified: 2 };
      for (const [k, { epsilon, samples }] of all[method]!.entries())
        for (const s of samples) {
          if (k > 0) expect(ranks[s.status]).toBeGreaterThanOrEqual(ranks[all[method]![k - 1]!.samples[s.index]!.status]);
          expect(s.reason === null).toBe(s.status !== "unknown");
          expect(s.counterexample === null).toBe(s.status !== "falsified");
          if (!s.counterexample) continue;
          const found = Float32Array.from(s.counterexample.x);
          const clean = x.data.subarray(s.index * 64, (s.index + 1) * 64);
          expect(norms[norm].distance(Float64Array.from(found, (v, i) => v - clean[i]!))).toBeLessThanOrEqual(epsilon);
          expect(found.every((v) => v >= 0 && v <= 1)).toBe(true);
          const [named] = await model.labels({ dtype: "float32", shape: [1, ...shape], data: found });
          expect(named).toBe(s.counterexample.predicted);
          expect(named).not.toBe(s.label);
        }
    });

    test("a certified sample is turned by no stronger attack", async () => {
      for (const { epsilon, samples } of all.complete!) {
        const strong = await attack(model, data, { ...run, attack: pgd({ steps: 60 }), norm: norms[norm], epsilon, restarts: 3, seed: 5 });
        for (const s of samples) if (s.status === "certified") expect(strong.samples[s.index]!.success).toBe(false);
      }
    });

    test("radii: certified ≤ attacked, and as `certify` has it", async () => {
      const few = { x: rows(x, 0, 3), labels: data.labels.slice(0, 3) };
      const tolerance = 0.01 * scale;
      const [linear, complete] = await Promise.all(
        (["crown", "complete"] as const).map((method) => radius(model, few, { ...run, norm, method, tolerance, timeout: 0.05, steps: 50 })),
      );
      for (const r of [...linear!, ...complete!]) {
        expect(r.certified).toBeGreaterThan(0);
        expect(r.certified).toBeLessThanOrEqual(r.attacked!);
      }
      for (const [i, r] of linear!.entries()) {
        expect(complete![i]!.certified).toBeGreaterThanOrEqual(r.certified - tolerance);
        const at = await certify(model, { x: rows(few.x, i, i + 1), labels: [few.labels[i]!] }, { ...run, norm, epsilon: r.certified });
        expect(at.certifiedAccuracy).toBe(1);
      }
    });
  },
  60_000,
);

test("what is done needs not be done again, and no company changes it", async () => {
  const layer = nets.relu!([...shape], seedKey(7));
  const model = await openClassifier(write(inferenceGraph(layer, layer.params, { batch: 1 })), run);
  const x: Tensor<"float32"> = { dtype: "float32", shape: [5, ...shape], data: uniform(seedKey(4), 5 * 64) };
  const data = { x, labels: [...(await model.labels(x))] };
  const options = { ...run, epsilons: [0.02, 0.1] };
  const whole: SampleCertificates[] = [];
  for await (const s of certifyEach(model, data, options)) whole.push({ ...s, seconds: 0 });
  const rest: SampleCertificates[] = [];
  for await (const s of certifyEach(model, data, { ...options, done: [whole[1]!, whole[3]!] })) rest.push({ ...s, seconds: 0 });
  expect(rest).toEqual([0, 2, 4].map((i) => whole[i]));
  await expect(certifyAll(model, data, { ...options, epsilons: [0.2, 0.1] })).rejects.toThrow(/ascending/);
  await model.release();
});

test.each(METHODS)("a ball that holds inputs without an answer is not certified (%s)", async (method) => {
  // scores 5 + √(|x₀ − 0.55| − 0.05) and x₁: undefined between 0.5 and 0.6
  const e = builder();
  const x = input("float32", [2, 2], "x", ["N", 2]);
  const column = (k: number) => e.node("Gather", [x, e.ints([k])], { axis: 1 })[0]!;
  const off = e.Sub(column(0), e.scalar(0.55, x));
  const root = e.Sqrt(e.Sub(e.Abs(off), e.scalar(0.05, x)));
  const y = e.node("Concat", [e.Add(root, e.scalar(5, x)), column(1)], { axis: 1 })[0]!;
  const model = await openClassifier(write({ inputs: [x], outputs: [y] }), run);
  const data = { x: { dtype: "float32" as const, shape: [1, 2], data: Float32Array.of(0.9, 0.5) }, labels: [0] };
  const status = async (epsilon: number) => (await certify(model, data, { ...run, epsilon, method, steps: 0 })).samples[0]!;
  expect((await status(0.2)).status).toBe("certified");
  expect(await status(0.35)).toMatchObject({ status: "unknown", margin: Number.NEGATIVE_INFINITY });
  await model.release();
});
