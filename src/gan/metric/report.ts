/** What there is to say of a generator, each figure beside what real samples get. */
import type { Pool } from "../../data/index.ts";
import type { Memorisation } from "./memorisation.ts";
import type { Parzen } from "./parzen.ts";
import type { TwoSample } from "./two-sample.ts";

export interface GanReport {
  readonly n: number;
  readonly data: Pool["provenance"];
  readonly seed: number;
  readonly extractor: { readonly name: string; readonly sha256: string | null };
  /** Real samples that generated ones are compared with, and of which part of the data. */
  readonly real: { readonly n: number; readonly split: string };
  readonly modes: number | null;
  readonly modesOf: number | null;
  readonly highQuality: number | null;
  /** Of the held-out samples. */
  readonly highQualityFloor: number | null;
  readonly reverseKl: number | null;
  /** Of as many real samples. */
  readonly reverseKlFloor: number | null;
  readonly rmseToOptimal: number | null;
  readonly discriminatorAccuracy: number | null;
  readonly freshDiscriminatorAccuracy: number;
  readonly twoSample: TwoSample;
  readonly frechet: number | null;
  /** The same between the held-out samples and as many training ones: what a perfect generator would have. */
  readonly frechetFloor: number | null;
  readonly kid: number | null;
  /** As `frechetFloor`. */
  readonly kidFloor: number | null;
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
  /** Precision and the others of as many training samples in the place of generated ones. */
  readonly floor: { readonly precision: number; readonly recall: number; readonly density: number; readonly coverage: number };
  readonly neighbours: number;
  readonly parzen: Parzen | null;
  /** The same of as many training samples, if there are so many, in the place of generated ones. */
  readonly parzenFloor: Parzen | null;
  /** Share of each class, by the extractor, among generated samples; null where it tells none, or too many to list. */
  readonly classHistogram: readonly number[] | null;
  readonly memorisation: Omit<Memorisation, "index">;
  readonly trainSyntheticTestReal: number | null;
  /** Of a classifier of as many training samples, if there are so many. */
  readonly trainSyntheticTestRealFloor: number | null;
}
