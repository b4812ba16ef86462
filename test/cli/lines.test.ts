/** The command lines of the README on little data, and what scripts rely on: fields, one document, exit codes. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { commands } from "../../src/cli/commands.ts";
import { counterfoil, folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
const here = (args: readonly string[]) => inProcess(args, { cwd: dir });
const json = async (args: readonly string[], run = here) => {
  const { code, out, err } = await run(args);
  expect(code, err).toBe(0);
  // exactly one document
  return JSON.parse(out);
};

beforeAll(async () => {
  const args = ["train", "--data", "mnist", "--model", "cnn", "--epochs", "2", "--limit", "4000", "--batch", "50", "-o", "model.onnx"];
  const report = await json([...args, "--json"], (args) => counterfoil(args, { cwd: dir }));
  expect(report.testAccuracy).toBeGreaterThan(0.85);
  expect(report.model.sha256).toBe(await sha256(readFileSync(at("model.onnx"))));
  expect(report.n).toBe(10_000);
}, 120_000);

test("attack --json", async () => {
  const args = [
    "attack",
    "model.onnx",
    "--data",
    "mnist:test",
    "--attack",
    "pgd",
    "--norm",
    "linf",
    "--epsilon",
    "0.1",
    "--steps",
    "40",
    "--limit",
    "100",
    "--json",
  ];
  const report = await json(args);
  expect(report).toMatchObject({
    n: 100,
    epsilon: 0.1,
    norm: "linf",
    seed: 0,
    attack: "pgd",
    model: { path: "model.onnx", sha256: await sha256(readFileSync(at("model.onnx"))) },
  });
  expect(report.runtime).toMatch(/onnxruntime-node 1\..*cpu/);
  expect(report.cleanAccuracy).toBeGreaterThan(0.85);
  expect(report.robustAccuracy).toBeLessThan(report.cleanAccuracy - 0.2);
  expect(report.gradientEvaluations).toBe(
    40 * report.samples.filter((s: { predicted: number; label: number }) => s.predicted === s.label).length,
  );
  expect(report.samples.length).toBe(100);
  const fields = ["adversarialPredicted", "backwards", "distance", "forwards", "index", "label", "predicted", "success"];
  expect(Object.keys(report.samples[0]).sort()).toEqual(fields);
  // the same bits again, at any batch size
  expect(await json([...args, "--batch", "33"])).toEqual(report);
  expect((await json([...args.slice(0, 7), "l2", ...args.slice(8)])).norm).toBe("l2");
});

test("what an attack found is data again: arrays, or folders of pictures", async () => {
  const args = ["attack", "model.onnx", "--data", "mnist:test", "--epsilon", "0.3", "--limit", "200", "--json"];
  const first = await json([...args, "--out", "found"]);
  expect(readFileSync(at("found/classes.txt"), "utf8").split("\n").length).toBe(11);
  const wrong = await json(["attack", "model.onnx", "--data", "found", "--epsilon", "0", "--json"]);
  expect(wrong.n).toBe(first.samples.filter((s: { success: boolean }) => s.success).length);
  // eight bits a pixel undo few
  expect(wrong.cleanAccuracy).toBeLessThan(0.05);
  const refused = await here([...args, "--out", "found.jpg"]);
  expect(sentence(refused)).toMatch(/FILE\.npz, or a folder.*found\.jpg/);
  expect(refused.code).toBe(2);
});

test("an audit that is interrupted exits as shells expect", async () => {
  const args = ["audit", "model.onnx", "--data", "mnist:test", "--limit", "500", "--out", "stopped"];
  const env = { COUNTERFOIL_PROGRESS_SECONDS: "0" };
  const { code, err } = await counterfoil(args, { cwd: dir, env, interruptAt: /left/ });
  expect(err).toMatch(/interrupted; the same command goes on/);
  expect(code).toBe(130);
});

test("a wrong preprocessing is named by audit and attack", async () => {
  const args = ["model.onnx", "--data", "mnist:test", "--limit", "150", "--epsilon", "0.1"];
  const inverted = [...args, "--scale", "-1", "--mean", "-1"];
  const audited = await here(["audit", ...inverted, "--out", "audit"]);
  expect(sentence(audited)).toMatch(
    /better than guessing.*declare the preprocessing: with no preprocessing.* it is 9\d\.\d\d % of the first 100/,
  );
  expect(audited.code).toBe(2);
  const attacked = await here(["attack", ...inverted]);
  expect(attacked.err).toMatch(/a guess's.*with no preprocessing.* it is 9\d/);
});

test("certify --json", async () => {
  const report = await json([
    "certify",
    "model.onnx",
    "--data",
    "mnist:test",
    "--epsilon",
    "0.01",
    "--method",
    "crown",
    "--limit",
    "5",
    "--json",
  ]);
  expect(report.n).toBe(5);
  expect(report.certifiedAccuracy).toBeGreaterThan(0.5);
  expect(report.certifiedAccuracy).toBeLessThanOrEqual(report.attackedAccuracy);
  expect(report.attackedAccuracy).toBeLessThanOrEqual(report.cleanAccuracy);
  for (const s of report.samples) expect(["certified", "falsified", "unknown"]).toContain(s.status);
});

test("smooth --json, and its gate: 0 above, 1 below", async () => {
  const args = ["smooth", "model.onnx", "--data", "mnist:test", "--sigma", "0.25", "-n", "200", "--limit", "10", "--radii", "0,1/5,0.4"];
  const report = await json([...args, "--json"]);
  expect(report).toMatchObject({ n: 10, norm: "l2", sigma: 0.25, alpha: 0.001, draws: 200, selection: 100, seed: 0 });
  expect(report.model).toEqual({ path: "model.onnx", sha256: await sha256(readFileSync(at("model.onnx"))) });
  expect(report.certified.map((c: { radius: number }) => c.radius)).toEqual([0, 0.2, 0.4]);
  expect(report.certified[1].accuracy).toBeGreaterThan(0.4);
  expect(report.certified[0].accuracy).toBe(report.cleanAccuracy);
  for (const s of report.samples) expect(s.radius).toBeLessThanOrEqual(report.ceiling);
  const passed = await here([...args, "--fail-under", "0.3", "--radius", "0.1"]);
  expect(passed.err).toMatch(/certified within 0\.2 \(l2\): \d+\.\d\d %/);
  expect(passed.code).toBe(0);
  const failed = await here([...args, "--sigma", "2", "--fail-under", "1", "--radius", "1"]);
  expect(failed.err).toMatch(/within 1 is under the gate of 100/);
  expect(failed.err).toMatch(/the noise costs much accuracy: train the model on such noise/);
  expect(failed.code).toBe(1);
});

test("smooth is interrupted, and says how long it takes", async () => {
  const args = ["smooth", "model.onnx", "--data", "mnist:test", "--sigma", "0.25", "-n", "100000"];
  const env = { COUNTERFOIL_PROGRESS_SECONDS: "0" };
  const { code, err } = await counterfoil(args, { cwd: dir, env, interruptAt: /certified 0 of 10000, \d+ min .*left/ });
  expect(err).toMatch(/interrupted before it was done/);
  expect(code).toBe(130);
});

test("harden, then gates: 0 above, 1 below", async () => {
  const report = await json([
    "harden",
    "--data",
    "mnist",
    "--model",
    "cnn",
    "--method",
    "fgsm-rs",
    "--epsilon",
    "0.1",
    "--epochs",
    "1",
    "--limit",
    "3000",
    "-o",
    "robust.onnx",
    "--out",
    "robust",
    "--json",
  ]);
  expect(report).toMatchObject({ command: "harden", method: "fgsm-rs", epsilon: 0.1 });
  expect(JSON.parse(readFileSync(at("robust/config.json"), "utf8"))).toMatchObject({ batch: 100, method: "fgsm-rs" });
  const gate = ["attack", "robust.onnx", "--data", "mnist:test", "--limit", "50", "--epsilon", "0.05", "--fail-under"];
  expect((await here([...gate, "0.01"])).code).toBe(0);
  // the exit code of a process, on which pipelines rely
  const failed = await counterfoil([...gate, "1"], { cwd: dir });
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/under the gate/);
});

test("gan", async () => {
  const report = await json([
    "gan",
    "--data",
    "mnist",
    "--model",
    "maxout2014",
    "--steps",
    "10",
    "--limit",
    "1100",
    "--out",
    "gan",
    "--samples",
    "16",
    "--measure",
    "300",
    "--json",
  ]);
  expect(report.history[0]["discriminator/accuracy-real"]).toBeGreaterThanOrEqual(0);
  // after ten steps everything looks the same, and it says so
  expect(report.evaluation.freshDiscriminatorAccuracy).toBeGreaterThan(0.9);
  expect(report.evaluation.frechet).toBeGreaterThan(10 * report.evaluation.frechetFloor);
  expect(report.verdicts.find((v: { rule: string }) => v.rule === "mode-collapse")).toMatchObject({
    found: true,
    mend: expect.any(String),
  });
  for (const file of [
    "gan/generator.onnx",
    "gan/samples/step-0000000.png",
    "gan/samples/step-0000010.png",
    "gan/discriminator.onnx",
    "gan/metrics.jsonl",
    "gan/result.json",
  ])
    expect(existsSync(at(file)), file).toBe(true);
  const { inputs, outputs } = await json(["inspect", "gan/generator.onnx", "--json"]);
  expect(inputs).toEqual([{ name: "latent", dtype: "float32", dims: ["N", 100] }]);
  expect(outputs[0].name).toBe("samples");
});

test("inspect", async () => {
  const report = await json(["inspect", "model.onnx", "--json"]);
  expect(report).toMatchObject({
    opset: 21,
    readable: true,
    differentiable: true,
    boundable: { interval: true, linear: true },
    gradientCheck: { ok: true },
    parameters: 166_406,
  });
  expect(report.operators.map((o: { operator: string }) => o.operator)).toEqual(["Add", "Conv", "Flatten", "MatMul", "Relu"]);
  const human = await here(["inspect", "model.onnx"]);
  expect(human.err).toMatch(/gradient self-check: .* agrees/);
});

test("the demo, on few digits", async () => {
  const { code, err } = await counterfoil(["demo", "--out", "demo", "--limit", "500"], { cwd: dir });
  expect(code, err).toBe(0);
  const report = JSON.parse(readFileSync(at("demo/demo.json"), "utf8"));
  expect(report.curves.length).toBe(4);
  for (const b of report.bounds) expect(b.certified).toBeLessThanOrEqual(b.attacked);
  const page = readFileSync(at("demo/index.html"), "utf8");
  // self-contained: nothing is fetched
  expect(page).not.toMatch(/(src|href)="(?!data:)/);
  expect(page.match(/<figure>/g)!.length).toBeGreaterThanOrEqual(8);
  expect(existsSync(at("demo/picture.svg"))).toBe(true);
}, 120_000);

describe("help", () => {
  test.each(Object.keys(commands))("%s --help has examples", async (command) => {
    const { code, out } = await here([command, "--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(/EXAMPLES\n {2}counterfoil/);
  });
  test("--version", async () =>
    expect((await counterfoil(["--version"])).out).toBe(`${JSON.parse(readFileSync("package.json", "utf8")).version}\n`));
});
