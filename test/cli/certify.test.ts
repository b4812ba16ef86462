/** certify and radius as people type them, on a network of two inputs: scores max(x₀, 0) and x₁. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeNpz } from "../../src/data/index.ts";
import { input } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { counterfoil, folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
const STANDARD = resolve(import.meta.dirname, "../golden/attacks/std.onnx");

beforeAll(() => {
  const net = (bend: "Relu" | "Floor") => {
    const e = builder();
    const x = input("float32", [1, 2], "x", ["N", 2]);
    const column = (k: number) => e.node("Gather", [x, e.ints([k])], { axis: 1 })[0]!;
    return write({ inputs: [x], outputs: [e.node("Concat", [e.node(bend, [column(0)])[0]!, column(1)], { axis: 1 })[0]!] });
  };
  writeFileSync(at("model.onnx"), net("Relu"));
  writeFileSync(at("floor.onnx"), net("Floor"));
  const x = Float32Array.of(0.75, 0.25, 0.5, 0.25, 0, 1);
  const y = Int32Array.of(0, 0, 0);
  writeFileSync(at("data.npz"), writeNpz({ x: { dtype: "float32", shape: [3, 2], data: x }, y: { dtype: "int32", shape: [3], data: y } }));
});

const run = (command: string, ...more: string[]) =>
  inProcess([command, "model.onnx", "--data", "data.npz", "--threads", "1", ...more], { cwd: dir });

test("certify tells natural, certified and attacked accuracy at each ε, and of each sample why", async () => {
  const { code, out, err } = await run("certify", "--epsilon", "0.2,0.1,0.3", "--method", "complete", "--json", "--out", "proofs");
  expect(code, err).toBe(0);
  const { results, unstable, model } = JSON.parse(out);
  expect(results.map((r: Record<string, number>) => [r.epsilon, r.cleanAccuracy, r.certifiedAccuracy, r.attackedAccuracy])).toEqual([
    [0.1, 2 / 3, 2 / 3, 2 / 3],
    [0.2, 2 / 3, 1 / 3, 1 / 3],
    [0.3, 2 / 3, 0, 0],
  ]);
  expect(results[1].samples.map((s: { status: string; by: string }) => `${s.status} by ${s.by}`)).toEqual([
    expect.stringMatching(/^certified/),
    "falsified by pgd",
    "falsified by clean",
  ]);
  expect(unstable.layers).toHaveLength(1);
  expect(model.path).toBe("model.onnx");
  expect(err).toMatch(/ε = 0\.1: certified 66\.67 % ≤ attacked 66\.67 %; natural 66\.67 %, n = 3/);
  expect(JSON.parse(readFileSync(at("proofs/report.json"), "utf8"))).toEqual(JSON.parse(out));
  const page = readFileSync(at("proofs/report.html"), "utf8");
  // the model's own, not that of the data
  expect(page).toMatch(new RegExp(`model sha256[^0-9a-f]*(<[^>]*>)*[^0-9a-f]*${model.sha256}`));
  for (const heading of ["Undecided", "Falsified", "Unstable rectifiers", "Between proof and attack", "Time per sample"])
    expect(page).toContain(heading);
});

test("one ε is the document itself, by a method that suits the network", async () => {
  const { out } = await run("certify", "--epsilon", "0.1", "--json");
  expect(JSON.parse(out)).toMatchObject({ n: 3, epsilon: 0.1, norm: "linf", method: "complete", certifiedAccuracy: 2 / 3 });
});

test("an operator without bounds certifies nothing, and says so", async () => {
  const args = ["certify", "floor.onnx", "--data", "data.npz", "--epsilon", "0.1", "--json"];
  const { code, out, err } = await inProcess(args, { cwd: dir });
  expect(code, err).toBe(0);
  expect(err).toMatch(/nothing is certified, as no bounds are known of Floor/);
  const open = JSON.parse(out).samples.filter((s: { status: string }) => s.status === "unknown");
  for (const s of open) expect(s.reason).toMatch(/no bounds are known of Floor/);
});

test("radius tells both radii of each sample", async () => {
  const { code, out, err } = await run("radius", "--norm", "linf", "--json");
  expect(code, err).toBe(0);
  const { samples, tolerance } = JSON.parse(out);
  expect(samples).toHaveLength(3);
  for (const [i, radius] of [0.25, 0.125, 0].entries()) {
    expect(samples[i].certified).toBeLessThanOrEqual(samples[i].attacked);
    expect(Math.abs(samples[i].certified - radius)).toBeLessThan(3 * tolerance);
    expect(Math.abs(samples[i].attacked - radius)).toBeLessThan(0.02);
  }
});

const BAD: readonly [what: string, args: string[], says: RegExp][] = [
  ["no number among the radii", ["certify", "--epsilon", "0.1,big"], /--epsilon to be a number ≥ 0, got “big”/],
  ["an empty radius", ["certify", "--epsilon", "0.1,"], /--epsilon.*got “”/],
  ["a radius beyond the range", ["certify", "--epsilon", "2"], /within the data's range, at most 1.*\[epsilon\]/],
  ["an unknown method", ["certify", "--epsilon", "0.1", "--method", "magic"], /--method to be one of ibp, crown, complete/],
  ["an unknown norm", ["radius", "--norm", "l0"], /--norm to be one of linf, l2, l1/],
  ["no time", ["certify", "--epsilon", "0.1", "--timeout", "0"], /--timeout to be a number > 0/],
  ["no tolerance", ["radius", "--tolerance", "0"], /--tolerance to be a number > 0/],
  ["another run's folder", ["certify", "--epsilon", "0.1", "--out", "proofs"], /settings the run was started with.*\[run-differs\]/],
];
test.each(BAD)("%s is refused in one sentence", async (_, [command, ...args], says) => {
  const done = await run(command!, ...args);
  expect(done.code).toBe(2);
  expect(sentence(done)).toMatch(says);
});

test("interrupted, it keeps what is decided, and the same command goes on", async () => {
  const args = [
    "certify",
    STANDARD,
    "--data",
    "mnist:test",
    "--limit",
    "4",
    "--epsilon",
    "0.02",
    "--method",
    "crown",
    "--out",
    "proofs-of-digits",
    "--json",
  ];
  const env = { COUNTERFOIL_PROGRESS_SECONDS: "0" };
  const stopped = await counterfoil(args, { cwd: dir, env, interruptAt: /decided 1 of 4, .* left/ });
  expect(stopped.code, stopped.err).toBe(130);
  expect(sentence(stopped)).toMatch(/interrupted; the same command goes on where it was/);
  expect(stopped.err).toMatch(/of the first \d samples ε = 0\.02: certified/);
  const kept = readFileSync(at("proofs-of-digits/samples.jsonl"), "utf8").trimEnd().split("\n");
  expect(kept.length).toBeGreaterThanOrEqual(1);
  expect(kept.length).toBeLessThan(4);
  // a line that was cut short is done again
  writeFileSync(at("proofs-of-digits/samples.jsonl"), `${kept.join("\n")}\n{"index": 3, "lab`);
  const { code, out, err } = await counterfoil(args, { cwd: dir });
  expect(code, err).toBe(0);
  expect(JSON.parse(out).n).toBe(4);
  expect(JSON.parse(out).samples.map((s: { index: number }) => s.index)).toEqual([0, 1, 2, 3]);
  expect(existsSync(at("proofs-of-digits/report.html"))).toBe(true);
}, 60_000);
