/** A run that is interrupted and resumed ends where one that was not ends: the same last weights, and the same best ones. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { seedKey } from "../../src/base/index.ts";
import { loadSplits } from "../../src/data/index.ts";
import { batchNorm, dense, dropout, relu, sequential } from "../../src/nn/index.ts";
import { adam, stepDecay } from "../../src/optim/index.ts";
import { type FitOptions, fit as fitted } from "../../src/train/index.ts";

const root = mkdtempSync(join(tmpdir(), "counterfoil-loop-"));
afterAll(() => rmSync(root, { recursive: true }));

const data = await loadSplits("toy:moons", { seed: 1, limit: 700 });
const layer = sequential(dense(16), batchNorm(), relu(), dropout(0.2), dense(2))([2], seedKey(2));
const settings: FitOptions = { epochs: 6, batch: 50, seed: 3, threads: 1, config: {} };
const train = (options: Partial<FitOptions>) => fitted(layer, data.train, data.validation, { ...settings, ...options });

/** Interrupt after each of these steps, resume, and go on to the end. */
async function interrupted(folder: string, at: readonly number[], options: Partial<FitOptions>) {
  for (const [k, last] of at.entries()) {
    const stop = new AbortController();
    const run = train({ ...options, folder, resume: k > 0, signal: stop.signal, onProgress: ({ step }) => step >= last && stop.abort() });
    await expect(run).rejects.toThrow(/go on with --resume/);
  }
  return train({ ...options, folder, resume: true });
}

const cases: readonly [what: string, options: Partial<FitOptions>][] = [
  ["Adam", {}],
  ["averaged weights", { ema: 0.9 }],
  // the rate wrecks what the first epochs learnt: the best epoch lies before the interruptions
  ["a best epoch long ago", { schedule: (step) => (step < 20 ? 0.02 : 0.9) }],
  ["patience", { schedule: (step) => (step < 20 ? 0.02 : 0.9), patience: 3 }],
];

describe("interrupted at steps 3, 37 and 40", () => {
  test.each(cases)("%s", async (what, options) => {
    const whole = await train({ ...options, folder: join(root, `${what} whole`) });
    const parts = await interrupted(join(root, `${what} parts`), [3, 37, 40], options);
    expect(parts.weights).toEqual(whole.weights);
    expect(parts.best).toEqual(whole.best);
    expect(parts.history).toEqual(whole.history);
    expect([parts.epochs, parts.stopped]).toEqual([whole.epochs, whole.stopped]);
    const lines = (name: string) =>
      readFileSync(join(root, name, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((l) => ({ ...JSON.parse(l), time: 0 })); // biome-ignore format: one thought
    expect(lines(`${what} parts`)).toEqual(lines(`${what} whole`));
  });
});

test("the best epoch's weights are given, not the last one's", async () => {
  const schedule = (step: number) => (step < 20 ? 0.02 : 0.9);
  const long = await train({ schedule });
  expect(long.best!.epoch).toBeLessThan(4);
  const short = await train({ schedule, epochs: long.best!.epoch + 1 });
  expect(long.weights).toEqual(short.weights);
});

test("a run that patience stopped stays stopped", async () => {
  const options = { schedule: (step: number) => (step < 20 ? 0.02 : 0.9), patience: 2, folder: join(root, "stopped") };
  const first = await train(options);
  expect(first.stopped).toBe("patience");
  expect(await train({ ...options, resume: true })).toMatchObject({ epochs: first.epochs, stopped: "patience", history: first.history });
});

test("an update that breaks the weights at an epoch's last step is not saved", async () => {
  const folder = join(root, "broken");
  const perEpoch = Math.floor(data.train.y.length / 50);
  const schedule = (step: number) => (step === 2 * perEpoch - 1 ? 3e38 : 1e-3);
  await expect(train({ folder, schedule })).rejects.toThrow(/at the end of epoch 2.*what was saved before is kept/);
  const resumed = await train({ folder, resume: true, schedule: () => 1e-3 });
  expect(resumed.history.every((h) => Object.values(h).every(Number.isFinite))).toBe(true);
});

test("killed before its first checkpoint, a run begins anew, and its metrics too", async () => {
  const folder = join(root, "killed");
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), "{}");
  writeFileSync(join(folder, "metrics.jsonl"), '{"step": 0, "time": 0}\n{"step": 1, "time": 0}\n');
  await train({ folder, resume: true, epochs: 1 });
  const steps = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n").map((l) => JSON.parse(l).step as number); // biome-ignore format: one thought
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps.filter((s) => s === 0).length).toBe(1);
});

test("a checkpoint is not ahead of the metrics: who is killed after it has lost none", async () => {
  const folder = join(root, "ahead");
  const perEpoch = Math.floor(data.train.y.length / 50);
  const seen: number[] = [];
  const onEpoch = () => seen.push(readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n").length);
  await train({ folder, epochs: 2, onEpoch });
  // of each epoch its steps, and what was measured after it
  expect(seen).toEqual([perEpoch + 1, 2 * perEpoch + 2]);
});

test("a torn lock is somebody's", async () => {
  const folder = join(root, "locked");
  mkdirSync(folder);
  writeFileSync(join(folder, "run.lock"), '{"pid": 1');
  await expect(train({ folder })).rejects.toThrow(/process unknown.*run-locked/);
});

test("a torn last line of metrics is passed over", async () => {
  const folder = join(root, "torn");
  const stop = new AbortController();
  await expect(train({ folder, signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow();
  const path = join(folder, "metrics.jsonl");
  writeFileSync(path, `${readFileSync(path, "utf8")}{"step": 11, "ti`);
  await train({ folder, resume: true, transform: adam(), schedule: stepDecay(1e-3, 50) });
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) JSON.parse(line);
});

test("settings that are no JSON are said to be damaged", async () => {
  const folder = join(root, "damaged");
  await train({ folder, epochs: 1 });
  writeFileSync(join(folder, "config.json"), '{"epochs":');
  await expect(train({ folder, resume: true })).rejects.toThrow(/settings of a run.*run-damaged/);
});
