/** Long work: interrupted, resumed, damaged, locked, out of space. Nothing that was saved is lost. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { seedKey, sha256, uniform } from "../../src/base/index.ts";
import { writeNpz } from "../../src/data/index.ts";
import { counterfoil, folder, sentence } from "./run.ts";

const data = join(folder(), "patterns.npz");
// as large as digits, and sooner read and tested on: 3,200 to train on
const TRAIN = ["train", "--data", data, "--model", "cnn", "--epochs", "2", "--batch", "50", "--threads", "1"] as const;

beforeAll(() => {
  const [n, pixels, classes] = [4000, 784, 4];
  const noise = uniform(seedKey(1), n * pixels);
  // stripes of four widths under noise
  const x = noise.map((v, i) => 0.5 * v + 0.5 * (Math.floor((i % 28) / (1 + (Math.floor(i / pixels) % classes))) % 2));
  const y = Int32Array.from({ length: n }, (_, i) => i % classes);
  const file = { x: { dtype: "float32", shape: [n, 1, 28, 28], data: x }, y: { dtype: "int32", shape: [n], data: y } } as const;
  writeFileSync(data, writeNpz(file));
});

const STANDARD = resolve(import.meta.dirname, "../golden/attacks/std.onnx");
const hash = (path: string): Promise<string> => sha256(readFileSync(path));
// on no terminal a line comes every ten seconds; the tests want to see the first step
const env = { COUNTERFOIL_PROGRESS_SECONDS: "0" };

describe.concurrent("a training run", () => {
  test("interrupted twice and resumed gives the same file as one that was not", async () => {
    const dir = folder();
    const whole = await counterfoil([...TRAIN, "--out", join(dir, "whole"), "-o", join(dir, "whole.onnx")]);
    expect(whole.code).toBe(0);
    const run = join(dir, "run");
    const first = await counterfoil([...TRAIN, "--out", run, "-o", join(dir, "run.onnx")], { interruptAt: /epoch 1\/2, step 3\d/, env });
    expect(sentence(first)).toMatch(/interruption at epoch 1.*--resume/);
    expect(first.code).toBe(130);
    expect(existsSync(join(dir, "run.onnx"))).toBe(false);
    const second = await counterfoil([...TRAIN, "--resume", run, "-o", join(dir, "run.onnx")], {
      interruptAt: /epoch 2\/2, step 2\d/,
      env,
    });
    expect(sentence(second)).toMatch(/interruption at epoch 2/);
    const third = await counterfoil([...TRAIN, "--resume", run, "-o", join(dir, "run.onnx")]);
    expect(third.code).toBe(0);
    expect(await hash(join(dir, "run.onnx"))).toBe(await hash(join(dir, "whole.onnx")));
    // every step once, in order
    const steps = (path: string) =>
      readFileSync(join(path, "metrics.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((l) => JSON.parse(l))
        .filter((m) => "train/loss" in m);
    expect(steps(run).map((m) => m["train/loss"])).toEqual(steps(join(dir, "whole")).map((m) => m["train/loss"]));

    // the newest checkpoint damaged: the one before it is used, and the user is told
    const checkpoints = readdirSync(join(run, "checkpoints")).filter((f) => /^last.*safetensors$/.test(f));
    const newest = join(run, "checkpoints", checkpoints.sort().at(-1)!);
    const bytes = readFileSync(newest);
    bytes[bytes.length - 5]! ^= 255;
    writeFileSync(newest, bytes);
    const mended = await counterfoil([...TRAIN, "--resume", run, "-o", join(dir, "mended.onnx")]);
    expect(mended.code, mended.err).toBe(0);
    expect(mended.err).toMatch(/damaged and passed over/);
    expect(await hash(join(dir, "mended.onnx"))).toBe(await hash(join(dir, "whole.onnx")));

    // other settings are another run
    const other = await counterfoil([...TRAIN.map((a) => (a === "50" ? "60" : a)), "--resume", run]);
    expect(sentence(other)).toMatch(/batch = 50.*batch = 60/);
  });

  test("holds its folder: a second one is refused, and a dead one's lock is taken over", async () => {
    const dir = folder();
    const run = join(dir, "run");
    mkdirSync(run);
    writeFileSync(join(run, "run.lock"), JSON.stringify({ pid: process.pid, host: (await import("node:os")).hostname() }));
    const second = await counterfoil([...TRAIN, "--out", run]);
    expect(sentence(second)).toMatch(new RegExp(`held by process ${process.pid}`));
    expect(second.code).toBe(2);
    writeFileSync(join(run, "run.lock"), JSON.stringify({ pid: 2 ** 22 + 1, host: (await import("node:os")).hostname() }));
    const third = await counterfoil([
      "train",
      "--data",
      "toy:moons",
      "--limit",
      "600",
      "--model",
      "mlp",
      "--epochs",
      "1",
      "--batch",
      "50",
      "--out",
      run,
    ]);
    expect(third.code).toBe(0);
    expect(existsSync(join(run, "run.lock"))).toBe(false);
  });

  test.skipIf(process.platform === "win32")("out of space keeps what was saved, and says so", async () => {
    const dir = folder();
    const run = join(dir, "run");
    const args = [...TRAIN, "--out", run, "-o", join(dir, "m.onnx")];
    const stopped = await counterfoil(args, { interruptAt: /epoch 2\/2, step 2\d/, env });
    expect(stopped.code).toBe(130);
    const before = readdirSync(join(run, "checkpoints")).sort();
    // files may not grow past 64 KiB: the next checkpoint cannot be written
    const full = await counterfoil([...TRAIN, "--resume", run, "-o", join(dir, "m.onnx")], {
      shell: 'trap "" XFSZ; ulimit -f 64; exec "$@"',
    });
    expect(sentence(full)).toMatch(/disk-full/);
    expect(full.code).toBe(2);
    expect(
      readdirSync(join(run, "checkpoints"))
        .filter((f) => before.includes(f))
        .sort(),
    ).toEqual(before);
    const resumed = await counterfoil([...TRAIN, "--resume", run, "-o", join(dir, "m.onnx")]);
    expect(resumed.code).toBe(0);
  });

  test("that diverges names the operator and keeps the last good checkpoint", async () => {
    const dir = folder();
    const run = join(dir, "run");
    const result = await counterfoil([...TRAIN, "--optimizer", "sgd", "--schedule", "constant", "--rate", "1e30", "--out", run]);
    expect(sentence(result)).toMatch(/finite numbers, got train\/loss = .* first in \w+.*lower the learning rate/);
    expect(result.code).toBe(2);
  });

  test("of a GAN resumes to the same generator", async () => {
    const dir = folder();
    const args = ["gan", "--data", "ring8", "--steps", "96", "--every", "32", "--threads", "1", "--samples", "16", "--measure", "0"];
    const whole = await counterfoil([...args, "--out", join(dir, "whole")]);
    expect(whole.code).toBe(0);
    const cut = await counterfoil([...args, "--out", join(dir, "run")], { interruptAt: /step 4\d\/96/, env });
    expect(cut.code).toBe(130);
    const rest = await counterfoil([...args, "--out", join(dir, "run"), "--resume"]);
    expect(rest.code, rest.err).toBe(0);
    expect(await hash(join(dir, "run/generator.onnx"))).toBe(await hash(join(dir, "whole/generator.onnx")));
  });
});

test("an interrupted attack says so", async () => {
  const cut = await counterfoil(
    ["attack", STANDARD, "--data", "mnist:test", "--epsilon", "0.3", "--steps", "400", "--batch", "32", "--limit", "2000"],
    { interruptAt: /attacked \d+/, env },
  );
  expect(sentence(cut)).toMatch(/interrupted/);
  expect(cut.code).toBe(130);
});
