/** What users get wrong: exit 2, one sentence that says what to do, no stack trace. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeNpz } from "../../src/data/index.ts";
import { classifier, inferenceGraph } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { model, valueInfo } from "../onnx/model.ts";
import { counterfoil, folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);

beforeAll(() => {
  const net = (size: number) => {
    const layer = classifier("cnn", [1, size, size], 10, 0);
    return write(inferenceGraph(layer, layer.params));
  };
  const whole = net(28);
  writeFileSync(at("good.onnx"), whole);
  writeFileSync(at("wide.onnx"), net(32));
  writeFileSync(at("cut.onnx"), whole.subarray(0, whole.length / 2));
  const layer = classifier("mlp", [1, 28, 28], 10, 0);
  (layer.params["1.weight"]!.data as Float32Array).fill(Number.NaN);
  writeFileSync(at("nan.onnx"), write(inferenceGraph(layer, layer.params)));
  writeFileSync(at("empty.onnx"), "");
  writeFileSync(at("page.onnx"), "<!DOCTYPE html><html></html>");
  writeFileSync(at("zip.onnx"), Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0));
  const relu = { inputs: { x: ["N", 4] }, outputs: ["y"] } as const;
  writeFileSync(at("odd.onnx"), model({ ...relu, nodes: [{ op: "NonZero", in: ["x"], out: ["y"], name: "where" }] }));
  writeFileSync(
    at("text.onnx"),
    model({
      inputs: {},
      extraInputs: [valueInfo("words", [1], 8)],
      nodes: [{ op: "Identity", in: ["words"], out: ["y"] }],
      outputs: ["y"],
    }),
  );
  const npz = (name: string, x: Float32Array, y: Int32Array, shape: number[]) =>
    writeFileSync(at(name), writeNpz({ x: { dtype: "float32", shape, data: x }, y: { dtype: "int32", shape: [y.length], data: y } }));
  npz(
    "nan.npz",
    Float32Array.from({ length: 8 }, (_, i) => (i === 5 ? Number.NaN : 0.5)),
    Int32Array.of(0, 1),
    [2, 4],
  );
  npz("labels.npz", new Float32Array(2 * 784).fill(0.5), Int32Array.of(3, 12), [2, 1, 28, 28]);
  npz(
    "few.npz",
    new Float32Array(80 * 784).map((_, i) => (i % 5) / 4),
    Int32Array.from({ length: 80 }, (_, i) => i % 10),
    [80, 1, 28, 28],
  );
  npz("negative.npz", new Float32Array(8).fill(0.5), Int32Array.of(0, -1), [2, 4]);
  mkdirSync(at("photos/cats"), { recursive: true });
  mkdirSync(at("photos/dogs"));
  symlinkSync("/dev/full", at("full"));
  mkdirSync(at("run"));
  writeFileSync(at("run/config.json"), "{}");
});

const on = (file: string, ...more: string[]) => ["attack", at(file), "--data", "mnist:test", "--limit", "4", "--epsilon", "0.1", ...more];

const smoothing = (...more: string[]) => ["smooth", at("good.onnx"), "--data", "mnist:test", "--limit", "2", ...more];

const train = (...more: string[]) => ["train", "--data", at("few.npz"), "--batch", "20", "--epochs", "1", ...more];

const rows: readonly [what: string, args: () => string[], says: RegExp][] = [
  ["a missing file", () => on("nowhere.onnx"), /nowhere\.onnx.*\[file-missing\]/],
  ["a folder for a file", () => on("photos"), /photos/],
  ["an empty file", () => on("empty.onnx"), /empty file/],
  ["a truncated file", () => on("cut.onnx"), /cut short or damaged/],
  ["a web page", () => on("page.onnx"), /web page.*\[onnx-not\]/],
  ["a PyTorch checkpoint", () => on("zip.onnx"), /torch\.onnx\.export/],
  ["an unknown operator", () => on("odd.onnx"), /NonZero \(node "where"\).*onnxsim/],
  ["an unsupported dtype", () => on("text.onnx"), /words: string.*\[classifier-input\]/],
  ["another input size", () => on("wide.onnx"), /samples of \[1,32,32\].*got \[1,28,28\]/],
  ["labels out of range", () => ["attack", at("good.onnx"), "--data", at("labels.npz"), "--epsilon", "0.1"], /12/],
  ["negative labels", () => ["train", "--data", at("negative.npz"), "--model", "mlp", "--out", at("r1")], /-1/],
  ["a class folder without images", () => ["train", "--data", at("photos"), "--out", at("r2")], /cats/],
  ["NaN in the data", () => ["train", "--data", at("nan.npz"), "--model", "mlp", "--out", at("r3")], /NaN/],
  ["data that is nowhere", () => ["train", "--data", "mnits", "--out", at("r4")], /mnist\[:train.*mnits/],
  [
    "a negative ε",
    () => ["attack", at("good.onnx"), "--data", "mnist:test", "--limit", "2", "--epsilon", "-1"],
    /--epsilon to be a number ≥ 0, got “-1”/,
  ],
  ["ε that is no number", () => ["certify", at("good.onnx"), "--data", "mnist:test", "--epsilon", "big"], /got “big”/],
  ["no ε", () => ["attack", at("good.onnx"), "--data", "mnist:test"], /--epsilon 8\/255.*\[epsilon\]/],
  ["no noise", () => smoothing("--sigma", "0"), /--sigma to be a number > 0, got “0”/],
  ["noise of no size", () => smoothing(), /--sigma/],
  ["no noisy copies", () => smoothing("--sigma", "1", "-n", "0"), /--samples to be a whole number ≥ 1, got “0”/],
  ["too few noisy copies", () => smoothing("--sigma", "1", "-n", "9"), /copies ≥ 10: fewer prove nothing at α = 0\.001, got 9/],
  ["no copies to choose by", () => smoothing("--sigma", "1", "--selection", "0"), /--selection to be a whole number ≥ 1/],
  ["certainty", () => smoothing("--sigma", "1", "--alpha", "0"), /--alpha to be a number > 0 and < 1, got “0”/],
  ["no certainty at all", () => smoothing("--sigma", "1", "--alpha", "1"), /--alpha to be a number > 0 and < 1, got “1”/],
  ["a negative radius", () => smoothing("--sigma", "1", "--radii", "0,-1"), /--radii to be a number ≥ 0, got “-1”/],
  ["a gate without a radius", () => smoothing("--sigma", "1", "--fail-under", "0.5"), /pass --radius beside --fail-under/],
  [
    "a radius that nothing can be certified at",
    () => smoothing("--sigma", "1", "--fail-under", "0.5", "--radius", "3"),
    /under 2\.463, the most that so many copies can certify, got 3; raise --samples or --sigma/,
  ],
  ["a misspelt option", () => on("good.onnx", "--epsilom", "3"), /did you mean --epsilon/],
  ["a seed beyond the keys", () => on("good.onnx", "--seed", "-3"), /--seed to be a whole number from 0 to 9007199254740991/],
  ["a word too many", () => on("good.onnx", at("wide.onnx")), /one file.*wide\.onnx/],
  ["a rate of zero", () => train("--rate", "0", "--out", at("r8")), /--rate to be a number > 0/],
  ["fewer digits than a batch", () => ["gan", "--data", "mnist", "--limit", "50", "--out", at("r9")], /batch of at most 46.*got 64/],
  ["a gradient over its model", () => ["grad", at("good.onnx"), "-o", at("good.onnx")], /beside what is read.*\[option-out\]/],
  [
    "found inputs over the data",
    () => ["attack", at("good.onnx"), "--data", at("labels.npz"), "--epsilon", "0.1", "--out", at("labels.npz")],
    /beside what is read/,
  ],
  ["pictures among others", () => on("good.onnx", "--out", at("run")), /an empty folder, or none yet/],
  [
    "a gate without ε",
    () => ["attack", at("good.onnx"), "--data", "mnist:test", "--attack", "ddn", "--norm", "l2", "--fail-under", "0.5"],
    /pass --epsilon beside --fail-under/,
  ],
  ["weights that are no numbers", () => on("nan.onnx"), /finite.*NaN.*\[scores-not-finite\]/],
  ["an unknown command", () => ["atack", at("good.onnx")], /one of demo, train, audit, attack/],
  ["an unknown model", () => train("--model", "resnet", "--out", at("r5")), /mlp, cnn, madry.*resnet/],
  ["an unknown attack", () => on("good.onnx", "--attack", "cw"), /fgsm, bim, pgd/],
  ["no threads", () => on("good.onnx", "--threads", "0"), /threads/],
  ["a device that is not there", () => on("good.onnx", "--device", "cuda"), /cuda/],
  ["a device that nobody knows", () => on("good.onnx", "--device", "tpu"), /cpu, webgpu, cuda, wasm/],
  ["a folder with a run", () => train("--out", at("run")), /--resume/],
  ["nothing to resume", () => train("--resume", at("photos")), /run-missing/],
  ["an output path through a device", () => train("--out", at("r6"), "-o", at("full/model.onnx")), /full/],
  ["a model over a folder", () => train("--out", at("r7"), "-o", at("photos")), /folder/],
];

describe("refusals", () => {
  test.each(rows)("%s", async (_, args, says) => {
    const result = await inProcess(args(), { cwd: dir });
    expect(sentence(result)).toMatch(says);
    expect(result.code).toBe(2);
    expect(result.out).toBe("");
  });
  test("of a process are its exit code and all it says", async () => {
    const [, args, says] = rows[0]!;
    const { code, out, err } = await counterfoil(args(), { cwd: dir });
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(/^counterfoil: .*\n$/);
    expect(err).toMatch(says);
  });
  test("also reach the environment", async () => {
    const result = await counterfoil(["inspect", "good.onnx"], { cwd: dir, env: { COUNTERFOIL_THREADS: "many" } });
    expect(sentence(result)).toMatch(/whole number ≥ 1 in COUNTERFOIL_THREADS, got “many”/);
    expect(result.code).toBe(2);
  });
});

test("nothing of the user's was touched", () => {
  expect(readFileSync(at("run/config.json"), "utf8")).toBe("{}");
});
