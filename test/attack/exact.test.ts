/** FGSM, BIM and PGD without a random start, beside the images that Foolbox made: test/golden/attacks/examples.json. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bim, domain, fgsm, norms, pgd, row, victimOf } from "../../src/attack/index.ts";
import { fold, seedKey, take } from "../../src/base/index.ts";
import { mnist } from "../../src/data/index.ts";
import { openClassifier } from "../../src/model/index.ts";

const golden = join(import.meta.dirname, "../golden/attacks");
const json = (name: string) => JSON.parse(readFileSync(join(golden, name), "utf8"));

interface Run {
  readonly model: string;
  readonly attack: string;
  readonly norm: "linf" | "l2";
  readonly epsilon: number;
  readonly steps: number;
  readonly relativeStep: number;
  /** Share of each image's pixels that PyTorch itself puts elsewhere in float64: there the gradient is rounding. */
  readonly differing: { readonly float64: readonly number[] };
  readonly shape: readonly number[];
  readonly float32: string;
}
const { runs } = json("examples.json") as { runs: Run[] };
const inputs = json("inputs.json") as Record<string, { indices: number[]; labels: number[] }>;

/** Share of the pixels whose gradient is so near to 0 that its sign is rounding: two of 784. */
const ROUNDING = 2 / 784;

const made: Readonly<Record<string, (r: Run) => ReturnType<typeof pgd>>> = {
  fgsm: () => fgsm(),
  "bim-10": ({ steps, relativeStep }) => bim({ steps, relativeStep }),
  "pgd-40": ({ steps, relativeStep }) => pgd({ steps, relativeStep, randomStart: false }),
};

describe.each(runs.map((r) => [r.model, r.attack, r.norm, r] as const))("%s, %s in %s", (_, name, norm, r) => {
  test("agrees to 1e-5 wherever PyTorch agrees with itself", async () => {
    const n = r.shape[0]!;
    const { indices, labels } = inputs[r.model]!;
    const x = take((await mnist("test")).x, indices.slice(0, n));
    const model = await openClassifier(readFileSync(join(golden, `${r.model}.onnx`)), { threads: 1 });
    const meter = victimOf(model, "gradient", { threads: 1 });
    const batch = {
      x,
      labels: Int32Array.from(labels.slice(0, n)),
      keys: labels.slice(0, n).map((_, i) => fold(seedKey(0), i)),
      restart: 0,
    };
    const found = await made[name]!(r).run(meter.victim, batch, {
      norm: norms[norm],
      epsilon: r.epsilon,
      targeted: false,
      domain: domain(model.inputShape),
    });
    const last = found.at(-1)!;
    await meter.release();
    await model.release();
    const bytes = Buffer.from(r.float32, "base64");
    const theirs = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    for (let i = 0; i < n; i++) {
      const [a, b] = [row(last, i), theirs.subarray(i * 784, (i + 1) * 784)];
      const away = a.filter((v, j) => Math.abs(v - b[j]!) > 1e-5).length / 784;
      if (r.differing.float64[i] === 0) expect(away, `image ${i}`).toBeLessThanOrEqual(ROUNDING);
      // where it does not, ours is one more rounding, no more apart than theirs is from itself
      else expect(away, `image ${i}`).toBeLessThanOrEqual(4 * r.differing.float64[i]! + 0.1);
    }
  });
});

test("most images can be compared to the last pixel", () => {
  const whole = runs.flatMap((r) => r.differing.float64).filter((d) => d === 0).length;
  expect(whole).toBeGreaterThan(45);
});
