/** Per sample: is every input of the ball classified as the label? Certified, falsified, or unknown. */
import { attack, linf, pgd } from "../attack/index.ts";
import { rows, size, type Tensor, take } from "../base/index.ts";
import { atBatch, type GradientModel } from "../model/index.ts";
import type { RunOptions } from "../run/index.ts";
import { crown } from "./crown.ts";
import { ibp } from "./ibp.ts";

export type Method = "ibp" | "crown";
export const METHODS: readonly Method[] = ["ibp", "crown"];

export interface CertifyOptions extends RunOptions {
  /** L∞ radius, in the data's units. */
  readonly epsilon: number;
  readonly method?: Method;
  readonly range?: readonly [number, number];
  readonly seed?: number;
  /** Steps of the PGD that tries to falsify; default 40. 0: none, where stronger attacks have been. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Certificate {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** `falsified`: wrong on the clean input, or on an input inside the ball that the file itself was run on. */
  readonly status: "certified" | "falsified" | "unknown";
  /** Proven lower bound of the least margin, label minus any other class, over the ball; null where a counterexample is known. */
  readonly margin: number | null;
}

export interface CertifyResult {
  readonly n: number;
  readonly method: Method;
  readonly epsilon: number;
  readonly norm: "linf";
  /** Of the data: balls are cut to it. */
  readonly range: readonly [number, number];
  readonly cleanAccuracy: number;
  /** Share certified: a lower bound of the accuracy under any attack. */
  readonly certifiedAccuracy: number;
  /** Share that PGD could not falsify: an upper bound of it. */
  readonly attackedAccuracy: number;
  readonly seed: number;
  readonly runtime: string;
  readonly samples: readonly Certificate[];
}

/** Interval margins count only past this share of the largest logit bound, an allowance for the rounding of float32. */
const SLACK = 1e-4;

/** Certify L∞ balls around the samples: PGD looks for a counterexample first, bounds are computed where it finds none. */
export async function certify(
  classifier: GradientModel,
  data: { x: Tensor<"float32">; labels: ArrayLike<number> },
  options: CertifyOptions,
): Promise<CertifyResult> {
  const { epsilon, method = "crown", range = [0, 1], seed = 0, steps = 40, signal, onProgress } = options;
  const n = data.x.shape[0]!;
  const attacked = await attack(classifier, data, {
    ...options,
    // with ε = 0 only what is wrong when clean is found
    attack: pgd({ steps: Math.max(steps, 1) }),
    norm: linf,
    epsilon: steps === 0 ? 0 : epsilon,
    range,
    seed,
    onProgress: undefined,
  });
  // a sample with a counterexample needs no bound
  const open = attacked.samples.filter((s) => !s.success).map((s) => s.index);
  const x = take(classifier.samples(data.x), open);
  const low = { ...x, data: x.data.map((v) => Math.max(v - epsilon, range[0])) };
  const high = { ...x, data: x.data.map((v) => Math.min(v + epsilon, range[1])) };
  const bound = method === "ibp" ? byIntervals : byCrown;
  const labels = open.map((i) => data.labels[i]!);
  const found = open.length > 0 ? await bound(classifier, low, high, labels, { ...options, signal, onProgress }) : new Float32Array();
  // NaN: the model is undefined or overflows somewhere in the ball, or its bounds do
  const margins = new Map(open.map((i, k) => [i, Number.isNaN(found[k]!) ? Number.NEGATIVE_INFINITY : found[k]!]));
  const samples = attacked.samples.map(({ index, label, predicted }): Certificate => {
    const margin = margins.get(index) ?? null;
    return { index, label, predicted, status: margin === null ? "falsified" : margin > 0 ? "certified" : "unknown", margin };
  });
  const share = (ok: (s: Certificate) => boolean) => samples.filter(ok).length / Math.max(n, 1);
  return {
    n,
    method,
    epsilon,
    norm: "linf",
    range,
    cleanAccuracy: attacked.cleanAccuracy,
    certifiedAccuracy: share((s) => s.status === "certified"),
    attackedAccuracy: attacked.robustAccuracy,
    seed,
    runtime: classifier.runtime,
    samples,
  };
}

type Numbers = Tensor<"float32">;

async function byIntervals(
  classifier: GradientModel,
  low: Numbers,
  high: Numbers,
  labels: ArrayLike<number>,
  options: CertifyOptions,
): Promise<Float32Array> {
  const n = low.shape[0]!;
  const batch = classifier.dynamic ? Math.min(100, Math.max(n, 1)) : classifier.logits.inputs[0]!.type.shape[0]!;
  const k = classifier.classes;
  const net = await ibp(atBatch(classifier, batch), options);
  const out = new Float32Array(n);
  try {
    for (let at = 0; at < n; at += batch) {
      options.signal?.throwIfAborted();
      const count = Math.min(batch, n - at);
      const fill = (t: Numbers): Numbers => {
        const data = new Float32Array(batch * size(t.shape.slice(1)));
        data.set(rows(t, at, at + count).data);
        return { dtype: "float32", shape: [batch, ...t.shape.slice(1)], data };
      };
      const [lo, hi] = await net.enclose(fill(low), fill(high));
      for (let i = 0; i < count; i++) {
        const y = labels[at + i]!;
        let rival = Number.NEGATIVE_INFINITY;
        let scale = 0;
        for (let j = 0; j < k; j++) {
          if (j !== y) rival = Math.max(rival, hi.data[i * k + j]!);
          scale = Math.max(scale, Math.abs(lo.data[i * k + j]!), Math.abs(hi.data[i * k + j]!));
        }
        out[at + i] = lo.data[i * k + y]! - rival - SLACK * scale;
      }
      options.onProgress?.(at + count, n);
    }
  } finally {
    await net.release();
  }
  return out;
}

async function byCrown(
  classifier: GradientModel,
  low: Numbers,
  high: Numbers,
  labels: ArrayLike<number>,
  options: CertifyOptions,
): Promise<Float32Array> {
  const n = low.shape[0]!;
  const k = classifier.classes;
  const net = await crown(classifier.logits, k - 1, options);
  const out = new Float32Array(n);
  try {
    for (let i = 0; i < n; i++) {
      options.signal?.throwIfAborted();
      const y = labels[i]!;
      const spec = new Float32Array((k - 1) * k);
      for (let r = 0, j = 0; j < k; j++) {
        if (j === y) continue;
        spec[r * k + y] = 1;
        spec[r * k + j] = -1;
        r++;
      }
      const margins = await net.lowerBounds(rows(low, i, i + 1), rows(high, i, i + 1), { dtype: "float32", shape: [k - 1, k], data: spec });
      out[i] = margins.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      options.onProgress?.(i + 1, n);
    }
  } finally {
    await net.release();
  }
  return out;
}
