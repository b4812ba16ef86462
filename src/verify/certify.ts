/** Per sample and ε: is every input of the ball classified as the label? Certified, falsified, or unknown. */
import { attack, norms, pgd, row } from "../attack/index.ts";
import { fail, rows, type Tensor, take } from "../base/index.ts";
import type { GradientModel } from "../model/index.ts";
import { cores, type RunOptions } from "../run/index.ts";
import { Prover } from "./prover.ts";
import type { Claim } from "./spec/claim.ts";
import { type CertifyResult, results } from "./verdicts.ts";

/** Each tries what the ones before it do first. */
export const METHODS = ["ibp", "crown", "complete"] as const;
export type Method = (typeof METHODS)[number];

export interface CertifyOptions extends RunOptions {
  /** Radius, in the data's units. */
  readonly epsilon: number;
  /** Default L∞. */
  readonly norm?: Claim["norm"];
  /** Default CROWN; `complete` searches on until it is decided, or the timeout is over. */
  readonly method?: Method;
  /** Seconds of the search for one sample at one ε; default 10. */
  readonly timeout?: number;
  readonly range?: readonly [number, number];
  readonly seed?: number;
  /** Steps of the PGD that tries to falsify; default 40. 0: none, where stronger attacks have been. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface CertifyEachOptions extends Omit<CertifyOptions, "epsilon"> {
  /** Radii, ascending. */
  readonly epsilons: readonly number[];
  /** Samples that need not be looked at again. */
  readonly done?: readonly SampleCertificates[];
}

/** What became of a sample at one ε. */
export interface BallVerdict {
  /** `falsified`: wrong on the clean input, or on an input inside ball and range that the file itself was run on. */
  readonly status: "certified" | "falsified" | "unknown";
  /** What decided it; null where nothing did. */
  readonly by: "clean" | "pgd" | Method | null;
  /** Why it is unknown; null otherwise. */
  readonly reason: string | null;
  /** Lower bound of the least margin, label minus any other class, as it was proven before any search; null where a counterexample is known, or a larger ball was certified. */
  readonly margin: number | null;
  /** The class that the file gives the counterexample, its distance, and itself. */
  readonly counterexample: { readonly predicted: number; readonly distance: number; readonly x: readonly number[] } | null;
}

export interface SampleCertificates {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** At each ε. */
  readonly at: readonly BallVerdict[];
  /** By rectifier layer, the neurons that CROWN left unstable at the largest ε that it was asked about; null where it was not. */
  readonly unstable: readonly (readonly number[])[] | null;
  readonly seconds: number;
}

/** Samples that are attacked together. */
const CHUNK = 32;

const falsified = (by: BallVerdict["by"], counterexample: BallVerdict["counterexample"]): BallVerdict => ({
  status: "falsified",
  by,
  reason: null,
  margin: null,
  counterexample,
});

/**
 * Certify samples one after another, at all ε: PGD looks for counterexamples first, bounds are computed where it finds none, and a search decides what they
 * leave. What a larger ball proves holds in smaller ones, and a counterexample counts in every ball that it lies in.
 * @throws epsilon, label-count, label-range, input-size, input-range; the signal's reason
 */
export async function* certifyEach(
  classifier: GradientModel,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  options: CertifyEachOptions,
): AsyncGenerator<SampleCertificates> {
  const { epsilons, norm = "linf", range = [0, 1], seed = 0, steps = 40, signal, onProgress, done = [] } = options;
  if (epsilons.length === 0 || epsilons.some((v, k) => !(v >= 0) || v <= (epsilons[k - 1] ?? -1)))
    fail({ code: "epsilon", expected: "radii ≥ 0, ascending", got: `[${epsilons}]`, mend: "sort them, each once" });
  const n = data.x.shape[0]!;
  const known = new Set(done.map((s) => s.index));
  const open = Array.from({ length: n }, (_, i) => i).filter((i) => !known.has(i));
  const prover = new Prover(classifier);
  let finished = n - open.length;
  try {
    for (let at = 0; at < open.length; at += CHUNK) {
      const chosen = open.slice(at, at + CHUNK);
      const start = performance.now();
      const part = { x: take(classifier.samples(data.x), chosen), labels: chosen.map((i) => data.labels[i]!) };
      const found: (BallVerdict | null)[][] = chosen.map(() => []);
      let predicted: number[] = [];
      for (const epsilon of epsilons) {
        signal?.throwIfAborted();
        const { samples, adversarial } = await attack(classifier, part, {
          ...options,
          // with ε = 0 only what is wrong when clean is found
          attack: pgd({ steps: Math.max(steps, 1) }),
          norm: norms[norm],
          epsilon: steps === 0 ? 0 : epsilon,
          range,
          seed,
          indices: chosen,
          onProgress: undefined,
        });
        predicted = samples.map((s) => s.predicted);
        for (const [k, s] of samples.entries()) {
          const earlier = found[k]!.at(-1);
          const x = () => Array.from(row(adversarial, k));
          const one = () =>
            falsified(s.predicted === s.label ? "pgd" : "clean", { predicted: s.adversarialPredicted, distance: s.distance!, x: x() });
          found[k]!.push(earlier ?? (s.success ? one() : null));
        }
      }
      const attacking = (performance.now() - start) / 1000 / chosen.length;
      for (const [k, index] of chosen.entries()) {
        signal?.throwIfAborted();
        const began = performance.now();
        const claim = { x: row(part.x, k), label: part.labels[k]!, norm, range };
        const proven = await proofs(prover, claim, found[k]!, options);
        const seconds = attacking + (performance.now() - began) / 1000;
        yield { index, label: claim.label, predicted: predicted[k]!, ...proven, seconds };
        onProgress?.(++finished, n);
      }
    }
  } finally {
    await prover.release();
  }
}

/** Prove what the attack has left of one sample: bounds from the largest ε down, then the search from the smallest that they leave up. */
async function proofs(
  prover: Prover,
  claim: Omit<Claim, "epsilon">,
  attacked: readonly (BallVerdict | null)[],
  { epsilons, method = "crown", timeout = 10, threads = cores(), seed, signal }: CertifyEachOptions,
): Promise<Pick<SampleCertificates, "at" | "unstable">> {
  const at: (BallVerdict | null)[] = [...attacked];
  let unstable: SampleCertificates["unstable"] = null;
  const bounds = method === "ibp" ? (["ibp"] as const) : (["ibp", "crown"] as const);
  let top = at.lastIndexOf(null);
  for (; top >= 0; top--) {
    let margin = Number.NEGATIVE_INFINITY;
    const one = { ...claim, epsilon: epsilons[top]! };
    let by: Method | null = null;
    for (const how of bounds) {
      const found = await prover.bound(one, how);
      margin = Math.max(margin, found.margin);
      unstable ??= found.unstable?.map((layer) => [...layer]) ?? null;
      if (margin > 0) {
        by = how;
        break;
      }
    }
    if (by) {
      const certified = { status: "certified", by, reason: null, counterexample: null } as const;
      for (let k = 0; k <= top; k++) at[k] = { ...certified, margin: k === top ? margin : null };
      break;
    }
    const reason = prover.unread
      ? `no bounds are known of ${prover.unread}`
      : margin === Number.NEGATIVE_INFINITY
        ? "the network is undefined or overflows somewhere in the ball, or its bounds do"
        : `the bound of the margin is ${margin.toPrecision(3)}, not above 0${method === "complete" ? "" : "; --method complete searches on"}`;
    at[top] = { status: "unknown", by: null, reason, margin, counterexample: null };
  }
  if (method !== "complete" || prover.unread) return { at: at as BallVerdict[], unstable };
  for (let k = top + 1; k < at.length && at[k]!.status === "unknown"; k++) {
    const { verdict, counterexample, reason } = await prover.search(
      { ...claim, epsilon: epsilons[k]! },
      { timeout, threads, seed, starts: 0, signal },
    );
    if (verdict === "unsat") {
      for (let j = 0; j <= k; j++)
        if (at[j]!.status === "unknown") at[j] = { ...at[j]!, status: "certified", by: "complete", reason: null };
    } else if (verdict === "sat") {
      const { x, y } = counterexample!;
      const distance = norms[claim.norm].distance(Float64Array.from(x, (v, i) => v - claim.x[i]!));
      const best = y.reduce((b, v, j) => (v > y[b]! ? j : b), 0);
      for (let j = k; j < at.length; j++)
        if (at[j]!.status !== "falsified") at[j] = falsified("complete", { predicted: best, distance, x: [...x] });
    } else at[k] = { ...at[k]!, reason: verdict === "timeout" ? `undecided after ${timeout} s of search` : reason };
  }
  return { at: at as BallVerdict[], unstable };
}

/** All samples at all radii. */
export async function certifyAll(
  classifier: GradientModel,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  options: CertifyEachOptions,
): Promise<CertifyResult[]> {
  const samples: SampleCertificates[] = [...(options.done ?? [])];
  for await (const one of certifyEach(classifier, data, options)) samples.push(one);
  return results(samples, classifier, options);
}

/** All samples at one radius. */
export async function certify(
  classifier: GradientModel,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  { epsilon, ...options }: CertifyOptions,
): Promise<CertifyResult> {
  return (await certifyAll(classifier, data, { ...options, epsilons: [epsilon] }))[0]!;
}

/** The method for a network that nobody has chosen one for: a search where it is small enough to end, else CROWN. */
export function methodFor(classifier: GradientModel): Method {
  const { layers, unread } = new Prover(classifier);
  return unread === null && layers.reduce((a, b) => a + b, 0) <= SMALL ? "complete" : "crown";
}
const SMALL = 5_000;

/** Counterexamples as a tensor [n, …], clean samples where there is none. */
export function counterexamples(x: Tensor<"float32">, samples: readonly SampleCertificates[], k: number): Tensor<"float32"> {
  const out = rows(x, 0, x.shape[0]!);
  const data = out.data.slice();
  const width = data.length / x.shape[0]!;
  for (const s of samples) {
    const found = s.at[k]!.counterexample;
    if (found) data.set(found.x, s.index * width);
  }
  return { ...out, data };
}
