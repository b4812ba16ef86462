/** A way for a game to fail: one file each, with what it looks for, what it says, and how to mend it. */
import type { GanReport } from "../metric/index.ts";
import type { Floor, Observation } from "./observe.ts";

export interface GanVerdict {
  readonly rule: string;
  readonly title: string;
  readonly found: boolean;
  /** What was seen, in figures; where nothing could be seen, why. */
  readonly evidence: string;
  /** What to do about it. */
  readonly mend: string | null;
}

export interface Course {
  /** In order, from after the first steps on; empty where only the end is known. */
  readonly looks: readonly Observation[];
  readonly floor: Floor;
  /** Losses at each look, where they are known. */
  readonly losses: readonly { readonly generator: number; readonly discriminator: number }[];
  /** The measures of the end; null where training broke off, or too little was held out: then the last look tells. */
  readonly report: GanReport | null;
  /** What became infinite or NaN, if something did. */
  readonly blame: string | null;
}

export interface Sign {
  readonly found: boolean;
  readonly evidence: string;
}

export interface Rule {
  /** Stable, kebab-case. */
  readonly name: string;
  readonly title: string;
  readonly mend: string;
  find(course: Course): Sign;
}

export const seen = (found: boolean, evidence: string): Sign => ({ found, evidence });
export const unseen = (why: string): Sign => ({ found: false, evidence: why });

/** The last half of the looks, two at least. */
export const lateLooks = ({ looks }: Course): readonly Observation[] => looks.slice(-Math.max(2, Math.ceil(looks.length / 2)));

export const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / Math.max(v.length, 1);
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const figure = (v: number): string => `${Number(v.toPrecision(3))}`;
