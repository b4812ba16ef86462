/** All that can be measured of a generator: what `gan-eval` prints, and what a run ends with. */
import { fail, fold, permutation, rows, seedKey, size, type Tensor } from "../../base/index.ts";
import { gather, type Pool, type Pools } from "../../data/index.ts";
import type { RunOptions } from "../../run/index.ts";
import type { Objective } from "../objective/index.ts";
import { comparing } from "./comparable.ts";
import { type Extractor, extractorFor } from "./extractor.ts";
import { frechet } from "./frechet.ts";
import { kernelDistance } from "./kernel-distance.ts";
import { memorisation } from "./memorisation.ts";
import { countModes, klFromUniform } from "./modes.ts";
import { neighbourhood } from "./neighbours.ts";
import { calibration, rmseToOptimal } from "./optimal.ts";
import { parzen } from "./parzen.ts";
import type { GanReport } from "./report.ts";
import { twoSample } from "./two-sample.ts";
import { trainSyntheticTestReal } from "./usefulness.ts";

type Numbers = Tensor<"float32">;

/** A discriminator, as metrics see it. */
export interface Judge extends Pick<Objective, "threshold" | "optimum"> {
  /** Of samples [n, …], higher for real; of a conditional game with their classes. */
  logits(x: Numbers, labels?: ArrayLike<number>): Promise<ArrayLike<number>>;
}

/** A generator, as metrics see it. */
export interface Source {
  /** Classes of a conditional one; null without. */
  readonly classes: number | null;
  /** `n` fresh samples [n, …], of the classes in turn where it is conditional, drawn from `seed`. */
  sample(n: number, seed: number): Promise<{ readonly x: Numbers; readonly labels: Int32Array | null }>;
  /** The game's own discriminator; null without one. */
  readonly judge: Judge | null;
}

export interface EvaluateOptions extends RunOptions {
  /** Generated samples, and as many real ones; default 5,000. Modes and Parzen windows take twice, a classifier four times as many. */
  readonly n?: number;
  readonly seed?: number;
  /** Default: the customary one (`extractorFor`). */
  readonly extractor?: Extractor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string) => void;
}

/** Samples under which no figure means anything. */
export const FEWEST = 100;
/** Of what needs more samples than `n`, how many times as many: for modes and Parzen windows, a density, classes (at the default n, the 26,000 of Srivastava et al. 2017, §4.2), a classifier. */
const TIMES = { modes: 2, density: 200, classes: 5.2, synthetic: 4 } as const;
/** Samples whose classes are counted at a time. */
const PART = 1_000;
/** Samples for each class, at least, of which even even shares would miss some otherwise. */
const EACH = 10;
/** Training images that the Parzen windows' width is chosen on. */
const VALIDATION = 1_000;
/** Parzen windows of the protocol: with more the figure is higher. */
const MOST_WINDOWS = 10_000;

/** Training samples that copies are looked for among, and their numbers at most. */
const TRAINING = { samples: 20_000, values: 2 ** 27 } as const;
/** Features beyond which a covariance says nothing of so few samples. */
const MOST_FEATURES = 512;
/** Classes beyond which shares are not listed. */
const LISTED = 100;

const some = (pool: Pool, n: number, seed: number): { x: Numbers; labels: Int32Array } =>
  gather(pool, permutation(fold(seedKey(seed), pool.name), pool.size).subarray(0, Math.min(n, pool.size)));

/**
 * Measure a generator against data it was not shown: `pools.test`. Every figure is of `n` generated samples, and says beside it what as many training samples would get.
 * Vectors in units of their own are compared with each number brought to [−1, 1].
 * @throws metric-few
 */
export async function evaluateGan(given: Source, data: Pools, options: EvaluateOptions = {}): Promise<GanReport> {
  const { source, pools } = options.extractor ? { source: given, pools: data } : comparing(given, data);
  const { seed = 0, signal, onProgress = () => {}, device, threads } = options;
  const run: RunOptions = { ...(device && { device }), ...(threads && { threads }) };
  const { train, test, mixture } = pools;
  const stage = (what: string) => {
    signal?.throwIfAborted();
    onProgress(what);
  };
  // too few to learn from are too few for a floor: it is then between two halves of the held-out samples
  const small = train.size < FEWEST;
  const n = Math.min(options.n ?? 5_000, small ? test.size >> 1 : Math.min(test.size, train.size));
  if (n < FEWEST)
    fail({
      code: "metric-few",
      expected: `at least ${FEWEST} samples to measure on, generated and held out`,
      got: `${n}`,
      mend: "bring more samples, or raise n",
    });
  const extractor = options.extractor ?? (await extractorFor(train.shape, `${train.provenance.source}`, run));
  try {
    stage("sampling");
    const held = some(test, small ? 2 * n : n, seed);
    const real = { x: rows(held.x, 0, n), labels: held.labels.subarray(0, n) };
    const twin = small ? rows(held.x, n, 2 * n) : some(train, n, seed).x;
    const { x: fake, labels } = await source.sample(n, seed);
    stage("features");
    const [ofReal, ofTwin, ofFake] = [await extractor.answers(real.x), await extractor.answers(twin), await extractor.answers(fake)];
    stage("neighbours");
    const near = await neighbourhood(ofReal.features, ofFake.features, run);
    const { k: _, ...floor } = await neighbourhood(ofReal.features, ofTwin.features, run);
    const distant = ofReal.features.shape[1]! <= MOST_FEATURES;
    stage("distances");
    const distances = distant
      ? {
          frechet: frechet(ofReal.features, ofFake.features),
          frechetFloor: frechet(ofReal.features, ofTwin.features),
          kid: await kernelDistance(ofReal.features, ofFake.features, run),
          kidFloor: await kernelDistance(ofReal.features, ofTwin.features, run),
        }
      : { frechet: null, frechetFloor: null, kid: null, kidFloor: null };
    stage("copies");
    const { index: _i, ...copies } = await memorisation(
      some(train, Math.min(TRAINING.samples, Math.floor(TRAINING.values / size(train.shape))), seed).x,
      real.x,
      fake,
      run,
    );
    const parzens = mayParzen(train) ? await parzenOf(source, pools, n, seed, run, stage) : { parzen: null, parzenFloor: null };
    stage("a fresh discriminator");
    const fresh = await twoSample(real.x, fake, { seed, ...run });
    const modes = await modesOf(source, pools, extractor, n, seed);
    stage("the discriminator");
    const { judge } = source;
    const rmse =
      mixture && judge?.optimum && source.classes === null
        ? await rmseToOptimal(mixture, (await source.sample(TIMES.density * n, seed + 1)).x, train.range, judge)
        : null;
    const useful =
      source.classes !== null && train.classes === source.classes
        ? await usefulness(source, pools, n, seed, run, stage)
        : { trainSyntheticTestReal: null, trainSyntheticTestRealFloor: null };
    return {
      n,
      data: train.provenance,
      seed,
      extractor: { name: source === given ? extractor.name : `${extractor.name}, each over its range`, sha256: extractor.sha256 },
      real: { n: real.labels.length, split: test.name },
      ...modes,
      rmseToOptimal: rmse,
      discriminatorAccuracy:
        judge &&
        accuracyOf(
          await judge.logits(real.x, labels ? real.labels : undefined),
          await judge.logits(fake, labels ?? undefined),
          judge.threshold,
        ),
      freshDiscriminatorAccuracy: fresh.accuracy,
      twoSample: fresh,
      ...distances,
      precision: near.precision,
      recall: near.recall,
      density: near.density,
      coverage: near.coverage,
      floor,
      neighbours: near.k,
      ...parzens,
      classHistogram: shares(ofFake.classes, extractor.classes),
      memorisation: copies,
      ...useful,
    };
  } finally {
    if (!options.extractor) await extractor.release();
  }
}

/** Share of samples, half of them real, that logits put on their side of the threshold; where only their differences mean something, of their `calibration`. */
export function accuracyOf(real: ArrayLike<number>, fake: ArrayLike<number>, threshold: number | null): number {
  const [r, f] = [Array.from(real), Array.from(fake)];
  const middle = threshold ?? calibration([...r, ...f]);
  return (r.filter((v) => v > middle).length / r.length + f.filter((v) => v <= middle).length / f.length) / 2;
}

/** Of pixels in [0, 1], as the protocol has them. */
const mayParzen = ({ shape, range }: Pool): boolean => shape.length === 3 && shape[0] === 1 && range[0] === 0 && range[1] === 1;

async function parzenOf(
  source: Source,
  { train, test }: Pools,
  n: number,
  seed: number,
  run: RunOptions,
  stage: (what: string) => void,
): Promise<Pick<GanReport, "parzen" | "parzenFloor">> {
  stage("Parzen windows");
  const samples = Math.min(TIMES.modes * n, MOST_WINDOWS);
  const { x } = await source.sample(samples, seed);
  // disjoint: a window on an image itself would be infinitely narrow
  const both = some(train, VALIDATION + samples, seed + 1).x;
  const width = Math.min(VALIDATION, Math.max(both.shape[0]! - samples, both.shape[0]! >> 1));
  const [validation, real] = [rows(both, 0, width), rows(both, width, both.shape[0]!)];
  const whole = gather(
    test,
    Uint32Array.from({ length: test.size }, (_, i) => i),
  ).x;
  return { parzen: await parzen(x, validation, whole, run), parzenFloor: await parzen(real, validation, whole, run) };
}

async function modesOf(source: Source, { mixture, train, test }: Pools, extractor: Extractor, n: number, seed: number) {
  if (mixture) {
    const found = countModes((await source.sample(TIMES.modes * n, seed)).x.data, mixture);
    const floor = countModes(some(test, TIMES.modes * n, seed).x.data, mixture);
    return {
      modes: found.modes,
      modesOf: found.of,
      highQuality: found.highQuality,
      highQualityFloor: floor.highQuality,
      reverseKl: found.reverseKl,
      reverseKlFloor: floor.reverseKl,
    };
  }
  const of = extractor.classes;
  const none = { highQuality: null, highQualityFloor: null };
  if (of === 0 || of !== train.classes) return { modes: null, modesOf: null, ...none, reverseKl: null, reverseKlFloor: null };
  // classes are modes: of stacked digits every number of three digits
  const many = PART * Math.ceil(Math.max(TIMES.classes * n, EACH * of) / PART);
  const counted = async (part: (at: number) => Numbers | Promise<Numbers>, all: number): Promise<number[]> => {
    const counts = new Array<number>(of).fill(0);
    for (let at = 0; at < all; at += PART) for (const c of (await extractor.answers(await part(at))).classes!) counts[c]!++;
    return counts;
  };
  const made = await counted(async (at) => (await source.sample(PART, seed + 1 + at)).x, many);
  const order = permutation(fold(seedKey(seed), train.name), train.size);
  const real = await counted((at) => gather(train, order.subarray(at, Math.min(at + PART, many))).x, Math.min(many, train.size));
  return {
    modes: made.filter((c) => c > 0).length,
    modesOf: of,
    ...none,
    reverseKl: klFromUniform(made),
    reverseKlFloor: klFromUniform(real),
  };
}

async function usefulness(
  source: Source,
  { train, test }: Pools,
  n: number,
  seed: number,
  run: RunOptions,
  stage: (what: string) => void,
): Promise<Pick<GanReport, "trainSyntheticTestReal" | "trainSyntheticTestRealFloor">> {
  stage("a classifier of generated samples");
  const { x, labels } = await source.sample(TIMES.synthetic * n, seed + 2);
  const real = gather(
    test,
    Uint32Array.from({ length: test.size }, (_, i) => i),
  );
  const judged = { x: real.x, y: real.labels };
  const synthetic = await trainSyntheticTestReal({ x, y: labels! }, judged, source.classes!, { seed, ...run });
  stage("a classifier of as many real samples");
  const own = some(train, TIMES.synthetic * n, seed);
  const floor = await trainSyntheticTestReal({ x: own.x, y: own.labels }, judged, source.classes!, { seed, ...run });
  return { trainSyntheticTestReal: synthetic, trainSyntheticTestRealFloor: floor };
}

function shares(classes: Int32Array | null, of: number): number[] | null {
  if (!classes || of > LISTED) return null;
  const counts = new Array<number>(of).fill(0);
  for (const c of classes) counts[c]!++;
  return counts.map((c) => c / classes.length);
}
