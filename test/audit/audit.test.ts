/** An audit's figures, its resumption, its documents. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, linf, pgd } from "../../src/attack/index.ts";
import { cascade } from "../../src/audit/cascade.ts";
import type { Findings } from "../../src/audit/checks/check.ts";
import { epsilonMonotone } from "../../src/audit/checks/epsilon-monotone.ts";
import {
  type AuditResult,
  audit,
  auditJunit,
  auditPage,
  type CascadeResult,
  ensembleFor,
  gallery,
  inFolder,
  inMemory,
  reportJsonSchema,
  reportSchema,
  type Units,
} from "../../src/audit/index.ts";
import { type CounterfoilError, fold, rows, seedKey, type Tensor } from "../../src/base/index.ts";
import { loadData } from "../../src/data/index.ts";
import type { Graph } from "../../src/graph/index.ts";
import { type GradientModel, labelModel, load, openClassifier, scoreModel } from "../../src/model/index.ts";
import { dense, flatten, inferenceGraph, relu, sequential } from "../../src/nn/index.ts";
import { write, writeExternal } from "../../src/onnx/index.ts";
import { builder, remap } from "../../src/pass/index.ts";
import { fit as train } from "../../src/train/index.ts";

const run = { threads: 1 } as const;
const options = { ...run, epsilon: 0.06, preset: "quick" } as const;
let model: GradientModel;
let report: AuditResult;
let graph: Graph;
let data: { x: Tensor<"float32">; labels: Int32Array };
const folders: string[] = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), "counterfoil-audit-")));
  return folders.at(-1)!;
};

beforeAll(async () => {
  const digits = await loadData("mnist:train", { limit: 2000 });
  const layer = sequential(flatten(), dense(32), relu(), dense(10))(digits.inputShape, fold(seedKey(1), "audit"));
  ({ graph } = await train(layer, digits, digits, { ...run, epochs: 3, batch: 50 }));
  model = await openClassifier(write(graph), run);
  const some = await loadData("mnist:test", { limit: 24 });
  data = { x: some.x, labels: some.y };
  report = await audit(model, data, options);
});
afterAll(async () => {
  await model.release();
  for (const f of folders) rmSync(f, { recursive: true, force: true });
});

test("what a report says adds up, and every success is the file's own answer", async () => {
  const { adversarial, ...json } = report;
  expect(reportSchema.parse(JSON.parse(JSON.stringify(json)))).toEqual(JSON.parse(JSON.stringify(json)));
  const answers = await model.labels(adversarial);
  for (const s of report.samples) {
    if (s.turnedBy !== null) {
      expect(answers[s.index]).toBe(s.adversarialPredicted);
      expect(s.adversarialPredicted).not.toBe(s.label);
      expect(s.distance).toBeLessThanOrEqual(0.06);
      expect(s.certified).toBe("falsified");
    } else expect(answers[s.index]).toBe(s.predicted);
    expect(s.robust).toBe(s.predicted === s.label && s.turnedBy === null);
  }
  const share = (ok: (s: (typeof report.samples)[number]) => boolean) => report.samples.filter(ok).length / report.n;
  expect(report.robustAccuracy).toBe(share((s) => s.robust));
  expect(report.cleanAccuracy).toBe(share((s) => s.predicted === s.label));
  expect(report.certifiedAccuracy).toBe(share((s) => s.certified === "certified"));
  expect(report.certifiedAccuracy!).toBeLessThanOrEqual(report.robustAccuracy);
  expect(report.stages.map((s) => s.name)).toEqual(["apgd-ce", "apgd-t", "fab-t", "square"]);
  expect(report.stages.at(-1)!.robustAccuracy).toBe(report.robustAccuracy);
  expect(report.stages.reduce((n, s) => n + s.backwards, 0)).toBe(report.samples.reduce((n, s) => n + s.backwards, 0));
  // the curves fall
  for (const curve of [report.anytime, report.againstEpsilon!])
    for (const [i, p] of curve.entries()) if (i > 0) expect(p[1]).toBeLessThanOrEqual(curve[i - 1]![1]);
  expect(report.anytime.at(-1)![1]).toBe(report.robustAccuracy);
  // a PGD of its own finds nothing new
  const other = await attack(model, data, { ...run, attack: pgd({ steps: 40 }), norm: linf, epsilon: 0.06, restarts: 3 });
  expect(other.robustAccuracy).toBeGreaterThanOrEqual(report.robustAccuracy - 1 / report.n);
  // its name is ours
  expect(report.ensemble.name).toBe("counterfoil-quick");
});

test("the documents: JUnit counts, a page that is whole, the published schema", async () => {
  const junit = auditJunit(report, 0.99);
  expect(junit).toMatch(/<testcase classname="counterfoil.audit" name="fail-under"><failure/);
  expect(junit.match(/<testcase/g)).toHaveLength(report.verdicts.length + 1);
  expect(auditJunit(report, 0)).not.toMatch(/name="fail-under"><failure/);
  const page = auditPage(report, await gallery(model, data.x, report));
  expect(page).toMatch(/^<!doctype html>/);
  expect(page.match(/data:image\/png;base64/g)!.length).toBeGreaterThanOrEqual(3);
  // nothing from elsewhere
  expect(page.replace(/xmlns="[^"]*"/g, "")).not.toMatch(/(src|href)="http/);
  for (const v of report.verdicts) expect(page).toContain(v.title);
  expect(JSON.parse(readFileSync(join(import.meta.dirname, "../../docs/audit.schema.json"), "utf8"))).toEqual(reportJsonSchema());
});

describe("an interrupted audit", () => {
  const config = { model: "m", epsilon: 0.06 };

  /** The cascade, which is what takes long, in units of 8 samples. */
  async function attacked(units: Units, signal?: AbortSignal): Promise<CascadeResult> {
    const predicted = await model.labels(data.x);
    const each = cascade(model, data, { ...run, epsilon: 0.06, ensemble: ensembleFor(model, "quick"), units, predicted, batch: 8, signal });
    for (;;) {
      const step = await each.next();
      if (step.done) return step.value;
    }
  }

  /** Stops after `left` units, by the signal, as Ctrl-C does. */
  const stopping = (units: Units, left: number, controller: AbortController): Units => ({
    ...units,
    async add(unit) {
      await units.add(unit);
      if (--left <= 0) controller.abort();
    },
  });

  test("goes on where it was, and ends as one that was not", async () => {
    const whole = await attacked(inMemory());
    for (const after of [1, 4]) {
      const where = folder();
      const controller = new AbortController();
      const units = await inFolder(where, config);
      await expect(attacked(stopping(units, after, controller), controller.signal)).rejects.toThrow(/abort/i);
      await units.close();
      expect(readdirSync(join(where, "units"))).toHaveLength(after);
      // the rest: no finished sample is asked about again in its stage
      const again = await inFolder(where, config);
      expect(again.done).toHaveLength(after);
      const seen = new Set(again.done.flatMap((u) => u.indices.map((i) => `${u.stage} ${i}`)));
      const twice: string[] = [];
      const watching: Units = {
        ...again,
        async add(unit) {
          for (const i of unit.indices) if (seen.has(`${unit.stage} ${i}`)) twice.push(`${unit.stage} ${i}`);
          await again.add(unit);
        },
      };
      const resumed = await attacked(watching);
      await again.close();
      expect(twice).toEqual([]);
      expect(resumed.samples).toEqual(whole.samples);
      expect(resumed.adversarial.data).toEqual(whole.adversarial.data);
    }
  }, 180_000);

  test("is not mixed with another", async () => {
    const where = folder();
    await (await inFolder(where, config)).close();
    await expect(inFolder(where, { ...config, epsilon: 0.1 })).rejects.toThrow(/epsilon = 0.1/);
  });

  test("leaves no half unit, and does a lost one again", async () => {
    const where = folder();
    const units = await inFolder(where, config);
    await attacked(units);
    await units.close();
    const files = readdirSync(join(where, "units")).sort();
    expect(files.every((f) => f.endsWith(".safetensors"))).toBe(true);
    rmSync(join(where, "units", files.at(-1)!));
    const again = await inFolder(where, config);
    expect(again.done).toHaveLength(files.length - 1);
    await again.close();
    expect(existsSync(join(where, "run.lock"))).toBe(false);
  });

  test("passes over a damaged unit, does it again, and ends the same", async () => {
    const where = folder();
    const units = await inFolder(where, config);
    const whole = await audit(model, data, { ...options, units });
    await units.close();
    const path = join(where, "units", "000000.safetensors");
    writeFileSync(path, readFileSync(path).subarray(0, 300));
    const again = await inFolder(where, config);
    expect(again.damaged).toEqual([`${where}/units/000000.safetensors`]);
    expect(again.done).toHaveLength(units.done.length - 1);
    const mended = await audit(model, data, { ...options, units: again });
    await again.close();
    expect(mended.samples).toEqual(whole.samples);
    expect((await inFolder(where, config)).done).toHaveLength(units.done.length);
  });
});

test("weights beside the file change nothing", async () => {
  const dir = folder();
  const { model: file, weights } = writeExternal(graph, "weights.bin");
  writeFileSync(join(dir, "model.onnx"), file);
  writeFileSync(join(dir, "weights.bin"), weights);
  const beside = await load(join(dir, "model.onnx"), run);
  const again = await audit(beside, data, options);
  await beside.release();
  expect(again.samples).toEqual(report.samples);
  expect(again.verdicts).toEqual(report.verdicts);
});

test("models that tell less are asked less", async () => {
  const told = scoreModel({ classes: 10, inputShape: [1, 28, 28] }, (x) => model.scores(x));
  const byScores = await audit(told, data, options);
  expect(byScores.stages.map((s) => s.name)).toEqual(["square"]);
  expect(byScores.verdicts.find((v) => v.check === "zero-gradient")!.status).toBe("not run");
  expect(byScores.againstEpsilon).toBeNull();
  const mute = labelModel({ classes: 10, inputShape: [1, 28, 28] }, (x) => model.labels(x));
  const byLabels = await audit(
    mute,
    { x: { ...data.x, shape: [6, 1, 28, 28], data: data.x.data.slice(0, 6 * 784) }, labels: data.labels.slice(0, 6) },
    options,
  );
  expect(byLabels.stages.map((s) => s.name)).toEqual(["hop-skip-jump"]);
  expect(byLabels.model.output).toBeNull();
});

test("wide balls, empty balls and constrained inputs are audited to the end", async () => {
  const few = { x: { ...data.x, shape: [8, 1, 28, 28], data: data.x.data.slice(0, 8 * 784) }, labels: data.labels.slice(0, 8) };
  const wide = await audit(model, few, { ...options, epsilon: 0.6 });
  expect(wide.againstEpsilon!.at(-1)![0]).toBe(1);
  const empty = await audit(model, few, { ...options, epsilon: 0 });
  expect(empty.robustAccuracy).toBe(empty.cleanAccuracy);
  expect(empty.verdicts.find((v) => v.check === "epsilon-monotone")!.status).toBe("not run");
  // one pixel may move: nothing is proven or unbounded about the others
  const mask = new Uint8Array(784);
  mask[400] = 1;
  const held = await audit(model, few, { ...options, constraints: { mask } });
  expect(held.certifiedAccuracy).toBeNull();
  expect(held.certification).toMatch(/constraints/);
  expect(held.verdicts.find((v) => v.check === "unbounded-attack")!.status).toBe("not run");
  for (const s of held.samples) expect(s.certified).toBeNull();
}, 180_000);

test.each([1, 16])(
  "a file of batch %i is audited, with the bounds of a free one",
  async (batch) => {
    const own = graph.inputs[0]!;
    const shape = [batch, ...own.type.shape.slice(1)];
    const x = { ...own, type: { ...own.type, shape }, dims: shape };
    const outputs = [remap(builder(), graph.outputs, new Map([[own, x]])).get(graph.outputs[0]!)!];
    const model = await openClassifier(write({ ...graph, inputs: [x], outputs }), run);
    const some = { x: rows(data.x, 0, 5), labels: data.labels.slice(0, 5) };
    const found = await audit(model, some, options);
    await model.release();
    const free = await audit(await openClassifier(write(graph), run), some, options);
    expect(found.certification).toMatch(/^CROWN in float64, L∞ ball/);
    expect(found.samples.map((s) => s.turnedBy)).toEqual(free.samples.map((s) => s.turnedBy));
    expect(found.certifiedAccuracy).toBeLessThanOrEqual(found.robustAccuracy);
  },
  180_000,
);

test("accuracy that is flat up to 2ε must fall further out, or the attack is not working", async () => {
  const some = { x: rows(data.x, 0, 8), labels: data.labels.slice(0, 8) };
  const flat = [
    [0, 1],
    [1e-4, 1],
  ] as const;
  const findings = { probe: some, curve: flat, norm: linf, range: [0, 1], run: { ...run, norm: linf, range: [0, 1] } } as const;
  const asked = (other: GradientModel, change = {}) =>
    epsilonMonotone.find({ ...findings, model: other, ...change } as unknown as Findings);
  expect(await asked(model)).toMatchObject({ status: "pass", evidence: expect.stringMatching(/it falls at/) });
  // scores that know nothing of the input
  const e = builder();
  const z = graph.outputs[0]!;
  const constant = await openClassifier(write({ ...graph, outputs: [e.Sub(z, z)] }), run);
  const zeros = { x: some.x, labels: new Int32Array(8) };
  expect(await asked(constant, { probe: zeros })).toMatchObject({
    status: "fail",
    evidence: expect.stringMatching(/nothing falls at any/),
  });
  await constant.release();
  const rising = [
    [0, 0.5],
    [0.1, 0.9],
  ];
  expect(await asked(model, { curve: rising })).toMatchObject({ status: "fail" });
}, 60_000);

describe("refusals", () => {
  const code = (p: Promise<unknown>) =>
    p.then(
      () => "nothing",
      (e: CounterfoilError) => e.code,
    );
  test("guesses", async () => {
    const shifted = data.labels.map((y) => (y + 1) % 10);
    const refused: CounterfoilError = await audit(model, { ...data, labels: shifted }, options).catch((e) => e);
    expect(refused.code).toBe("audit-class-order");
    expect(refused.mend).toMatch(/number the labels as the model does.*0 → 9, 1 → 0/);
  });
  test("a second model of other samples", async () => {
    const layer = sequential(flatten(), dense(10))([1, 14, 14], seedKey(0));
    const second = await openClassifier(write(inferenceGraph(layer, layer.params)), run);
    const refused: CounterfoilError = await audit(model, data, { ...options, transferFrom: second }).catch((e) => e);
    await second.release();
    expect(refused.code).toBe("transfer-differs");
    expect(refused.got).toMatch(/\[1,14,14\] and 10 classes/);
  });
  test("ε wider than the data, no samples, labels from 1", async () => {
    expect(await code(audit(model, data, { ...options, epsilon: 8 }))).toBe("epsilon");
    expect(
      await code(audit(model, { x: { dtype: "float32", shape: [0, 1, 28, 28], data: new Float32Array() }, labels: [] }, options)),
    ).toBe("audit-empty");
    expect(await code(audit(model, { ...data, labels: data.labels.map((y) => y + 1) }, options))).toBe("label-range");
  });
});
