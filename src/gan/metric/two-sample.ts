/** A classifier two-sample test: can a network that is trained afresh tell the generated from the real? Lopez-Paz & Oquab 2017, arXiv:1610.06545. */
import { concatenate, fail, fold, type Key, rows, seedKey, type Tensor } from "../../base/index.ts";
import { classifier, dense, flatten, type Layer, leakyRelu, preprocessed, sequential } from "../../nn/index.ts";
import { adam, cyclic } from "../../optim/index.ts";
import type { RunOptions } from "../../run/index.ts";
import { evaluator, fit } from "../../train/index.ts";

type Numbers = Tensor<"float32">;

export interface TwoSample {
  /** On samples that it was not trained on, half of them real; ½ where it cannot tell. */
  readonly accuracy: number;
  /** Probability of an accuracy like this or higher from guessing: one-sided, by the normal approximation. */
  readonly pValue: number;
  /** Samples of either kind that it was trained on, and tested on. */
  readonly trained: number;
  readonly tested: number;
  readonly network: string;
  readonly steps: number;
}

export interface TwoSampleOptions extends RunOptions {
  readonly seed?: number;
  /** Default 2,000 for vectors, 400 for pictures, but of few samples no more than 60 passes, or 8. */
  readonly steps?: number;
}

const BATCH = { vectors: 256, pictures: 64 } as const;

/** Share of the samples that the network is trained on. */
const TRAINED = 0.75;

/** 1 − Φ(z): Abramowitz & Stegun, 26.2.17. */
export function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const p = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return z >= 0 ? p : 1 - p;
}

/** Octaves of waves that are put beside few numbers, for a network to see detail by: the shortest is a tenth of the data's deviation. */
const OCTAVES = 7;
/** Numbers that are still few. */
const FEW = 8;

/** Numbers [n, d], and the sine and cosine of 2ᵏ times each over its deviation (Tancik et al. 2020, arXiv:2006.10739): without them a network takes very long to see what is fine. */
function withWaves({ shape, data }: Numbers, { shift, scale }: ReturnType<typeof scaling>): Numbers {
  const [n, d] = shape as [number, number];
  const width = d * (1 + 2 * OCTAVES);
  const out = new Float32Array(n * width);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) {
      const v = (data[i * d + j]! - shift.data[0]!) / scale.data[0]!;
      out[i * width + j] = v;
      for (let k = 0; k < OCTAVES; k++) {
        out[i * width + d * (1 + 2 * k) + j] = Math.sin(2 ** k * v);
        out[i * width + d * (2 + 2 * k) + j] = Math.cos(2 ** k * v);
      }
    }
  return { dtype: "float32", shape: [n, width], data: out };
}

/** Mean and deviation of all features, so that the network need not learn the scale. */
function scaling({ data }: Numbers) {
  const n = data.length;
  const mean = data.reduce((a, b) => a + b, 0) / n;
  const std = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / n) || 1;
  const one = (v: number): Numbers => ({ dtype: "float32", shape: [], data: Float32Array.of(v) });
  return { shift: one(mean), scale: one(std) };
}

function judge(shape: readonly number[], key: Key): { layer: Layer; name: string } {
  if (shape.length === 3) return { layer: classifier("cnn", shape, 2, key), name: "conv16-conv32-fc100" };
  const spec = sequential(flatten(), dense(256), leakyRelu(0.2), dense(256), leakyRelu(0.2), dense(256), leakyRelu(0.2), dense(2));
  return { layer: spec(shape, key), name: "fc256-fc256-fc256" };
}

/**
 * Train a network to tell real [n, …] from generated [n, …] samples, on three quarters of them, and test it on the rest.
 * @throws metric-few
 */
export async function twoSample(given: Numbers, made: Numbers, { seed = 0, ...options }: TwoSampleOptions = {}): Promise<TwoSample> {
  const n = Math.min(given.shape[0]!, made.shape[0]!);
  const pictures = given.shape.length === 4;
  const batch = pictures ? BATCH.pictures : BATCH.vectors;
  const trained = Math.floor(n * TRAINED);
  if (2 * trained < batch)
    fail({ code: "metric-few", expected: `at least ${batch} samples of either kind`, got: `${n}`, mend: "bring more samples" });
  const scale = scaling(rows(given, 0, trained));
  const waves = given.shape.length === 2 && given.shape[1]! <= FEW;
  const [real, fake] = waves ? [withWaves(given, scale), withWaves(made, scale)] : [given, made];
  const { layer: bare, name } = judge(real.shape.slice(1), fold(seedKey(seed), "judge"));
  const layer = waves ? bare : preprocessed(bare, scale);
  const part = (from: number, to: number) => ({
    x: concatenate([rows(real, from, to), rows(fake, from, to)]),
    y: Int32Array.from({ length: 2 * (to - from) }, (_, i) => Number(i >= to - from)),
  });
  const [train, test] = [part(0, trained), part(trained, n)];
  const { most, passes } = pictures ? { most: 400, passes: 8 } : { most: 2_000, passes: 60 };
  const steps = options.steps ?? Math.min(most, Math.ceil((passes * train.y.length) / batch));
  const epochs = Math.max(1, Math.round((steps * batch) / train.y.length));
  const total = epochs * Math.floor(train.y.length / batch);
  const { weights } = await fit(
    layer,
    train,
    { x: rows(real, 0, 0), y: [] },
    {
      ...options,
      seed,
      batch,
      epochs,
      transform: adam(),
      schedule: cyclic(pictures ? 2e-3 : 3e-3, total, 0.3),
    },
  );
  const judged = await evaluator(layer, options);
  try {
    const { accuracy } = await judged.score(weights, test);
    const tested = n - trained;
    const z = (accuracy - 0.5) * 2 * Math.sqrt(2 * tested);
    return { accuracy, pValue: upperTail(z), trained, tested, network: waves ? `${name} of numbers and their waves` : name, steps: total };
  } finally {
    await judged.release();
  }
}
