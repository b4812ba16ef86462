/** What is noted of a game at each look: a few numbers on fixed noise, cheap enough to take often, that tell a collapse while it happens. */
import { fail, fold, permutation, seedKey, type Tensor } from "../../base/index.ts";
import { gather, type Pools } from "../../data/index.ts";
import type { RunOptions } from "../../run/index.ts";
import type { Gan } from "../gan.ts";
import { comparable } from "../metric/comparable.ts";
import { nearest } from "../metric/distances.ts";
import { accuracyOf } from "../metric/evaluate.ts";
import { extractorFor, neighbourhood } from "../metric/index.ts";
import { answersOf, drawLatent, judgeOf } from "../sample.ts";
import type { Look } from "../train.ts";

type Numbers = Tensor<"float32">;

export interface Observation {
  readonly step: number;
  /** Mean distance between two generated samples, by that between two real ones: 1 where the generator is as various as the data. */
  readonly spread: number;
  /** Root mean square way that the samples of the same noise went since the last look, by the mean distance between two real ones; 0 at the first. */
  readonly moved: number;
  /** Total variation between the generated samples' shares of 64 anchors (each sample's nearest of 64 real ones) now and at the last look; 0 at the first. */
  readonly shift: number;
  /** Of generated samples against held-out ones. */
  readonly precision: number;
  readonly coverage: number;
  /** Of the game's discriminator, on held-out and generated samples. */
  readonly accuracy: number;
}

/** What real samples in the place of generated ones would get. */
export interface Floor {
  readonly precision: number;
  readonly coverage: number;
}

/** Where the features of the last look are kept, so that a resumed run notes what an uninterrupted one would. */
export interface Memory {
  /** Features [n, d] of the last look before `step`; null where there was none. */
  recall(step: number): Promise<Numbers | null>;
  keep(step: number, features: Numbers): Promise<void>;
}

function inMemory(): Memory {
  let last: Numbers | null = null;
  return {
    recall: async () => last,
    keep: async (_, features) => {
      last = features;
    },
  };
}

export interface Observer {
  readonly floor: Floor;
  observe(look: Look): Promise<Observation>;
  release(): Promise<void>;
}

const SAMPLES = 500;
const ANCHORS = 64;
/** Held-out samples that are too few to compare with: the training samples take their place. */
const FEW = 50;
/** Neighbours that count, where there are more. */
const NEIGHBOURS = 5;

/** Mean Euclidean distance between rows i and i + n/2. */
function spreadOf({ shape, data }: Numbers): number {
  const [n, d] = shape as [number, number];
  const half = n >> 1;
  let sum = 0;
  for (let i = 0; i < half; i++) {
    let squares = 0;
    for (let j = 0; j < d; j++) squares += (data[i * d + j]! - data[(i + half) * d + j]!) ** 2;
    sum += Math.sqrt(squares);
  }
  return sum / Math.max(half, 1);
}

function wayBetween(a: Numbers, b: Numbers): number {
  const n = a.shape[0]!;
  let squares = 0;
  for (let i = 0; i < a.data.length; i++) squares += (a.data[i]! - b.data[i]!) ** 2;
  return Math.sqrt(squares / n);
}

/** Watch a game on `pools`: the same noise, the same real samples at each look. */
export async function observer(
  gan: Gan,
  { train, test }: Pools,
  { seed = 0, memory = inMemory(), ...run }: RunOptions & { seed?: number; memory?: Memory } = {},
): Promise<Observer> {
  const extractor = await extractorFor(train.shape, `${train.provenance.source}`, run);
  const featuresOf = async (x: Numbers) => (await extractor.answers(comparable(x, train))).features;
  const key = fold(seedKey(seed), "observe");
  const held = test.size < FEW ? train : test;
  const n = Math.min(SAMPLES, held.size - (held.size % gan.pack), train.size);
  if (n < 2)
    fail({
      code: "data-few",
      expected: `at least ${Math.max(2, gan.pack)} samples to learn from`,
      got: `${train.size} of ${train.name}, beside ${test.size} held out`,
      mend: "bring more samples, or raise the limit",
    });
  const k = Math.max(1, Math.min(NEIGHBOURS, n - 1));
  const { x: real, labels } = gather(held, permutation(fold(key, "test"), held.size).subarray(0, n));
  const ofReal = await featuresOf(real);
  const twin = await featuresOf(gather(train, permutation(fold(key, "train"), train.size).subarray(0, n)).x);
  const { precision, coverage } = await neighbourhood(ofReal, twin, { k, ...run });
  const latent = drawLatent(gan, n, fold(key, "latent"));
  const anchors: Numbers = {
    ...ofReal,
    shape: [Math.min(ANCHORS, n), ofReal.shape[1]!],
    data: ofReal.data.subarray(0, Math.min(ANCHORS, n) * ofReal.shape[1]!),
  };
  const scale = spreadOf(ofReal) || 1;
  const conditional = gan.classes !== null || undefined;
  const sharesOf = async (features: Numbers) => {
    const shares = new Float64Array(anchors.shape[0]!);
    for (const k of (await nearest(features, anchors, run)).index) if (k >= 0) shares[k]! += 1 / n;
    return shares;
  };
  return {
    floor: { precision, coverage },
    async observe({ step, generator, discriminator }) {
      const fake = await answersOf(generator, latent, run);
      const features = await featuresOf(fake);
      const before = await memory.recall(step);
      const [shares, old] = [await sharesOf(features), before && (await sharesOf(before))];
      const near = await neighbourhood(ofReal, features, { k, ...run });
      const judge = judgeOf(discriminator, gan.pack, run);
      const seen: Observation = {
        step,
        spread: spreadOf(features) / scale,
        moved: before ? wayBetween(features, before) / scale : 0,
        shift: old ? shares.reduce((sum, s, k) => sum + Math.abs(s - old[k]!), 0) / 2 : 0,
        precision: near.precision,
        coverage: near.coverage,
        accuracy: accuracyOf(await judge(real, conditional && labels), await judge(fake), gan.objective.threshold),
      };
      await memory.keep(step, features);
      return seen;
    },
    release: extractor.release,
  };
}
