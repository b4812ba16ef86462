import { fail, fold, type Key, take, uniform } from "../base/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { legalise } from "./domain.ts";
import { Best, eachRow, lead, row } from "./iterate.ts";
import { after, moved, shifted, turned } from "./transform/homography.ts";
import { planesOf } from "./transform/planes.ts";
import type { LabelVictim, ScoreVictim, VictimOf } from "./victim.ts";

export interface SpatialOptions<A extends "labels" | "scores" = "labels" | "scores"> {
  /** `scores` also tells which failure was the closest; default. */
  readonly access?: A;
  /** Degrees to either side; default 30. */
  readonly rotation?: number;
  /** To each side, as a share of width and height; default 0.1. */
  readonly translation?: number;
  /** Every combination of so many angles and shifts; default 31 and 5, of each axis. */
  readonly angles?: number;
  readonly shifts?: number;
  /** In place of the grid the worst of so many draws. */
  readonly queries?: number;
}

/** Turned by degrees, then shifted by shares of width and height. */
type Move = readonly [degrees: number, right: number, down: number];

/** `n` numbers from −most to most. */
const spread = (most: number, n: number): number[] => Array.from({ length: n }, (_, i) => (n === 1 ? 0 : most * ((2 * i) / (n - 1) - 1)));

const gridOf = (angles: readonly number[], shifts: readonly number[]): Move[] =>
  angles.flatMap((degrees) => shifts.flatMap((right) => shifts.map((down): Move => [degrees, right, down])));

/** How far each row is from a success, below 0 for one; of labels only the sign is known. */
async function leads(
  victim: LabelVictim | ScoreVictim,
  access: "labels" | "scores",
  z: Parameters<ScoreVictim["scores"]>[0],
  labels: ArrayLike<number>,
  owners: readonly number[],
  targeted: boolean,
): Promise<number[]> {
  if (access === "scores") {
    const scores = await (victim as ScoreVictim).scores(z, owners);
    return owners.map((i, k) => lead(scores, k, labels[i]!, targeted));
  }
  const answers = await victim.labels(z, owners);
  return owners.map((i, k) => ((answers[k] === labels[i]) === targeted ? -1 : 1));
}

/**
 * The worst of rotations and translations. Engstrom et al. 2017, "Exploring the Landscape of Spatial Robustness", arXiv:1712.02779, §3:
 * max over (θ, δu, δv) of J(T(x; θ, δu, δv), y), by a grid or the worst of k draws. A threat of its own, in no norm's ball; what
 * comes in from outside is black. Black box (scores or labels); targeted or not. A sample is done with its first success.
 */
export function spatial<A extends "labels" | "scores" = "scores">(options: SpatialOptions<A> = {}): Attack<A> {
  const { access = "scores" as A, rotation = 30, translation = 0.1, angles = 31, shifts = 5, queries } = options;
  const grid = queries === undefined ? gridOf(spread(rotation, angles), spread(translation, shifts)) : null;
  const tries = grid?.length ?? queries!;
  if (!(tries >= 1))
    fail({
      code: "spatial-tries",
      expected: "at least one rotation and shift to try",
      got: `${tries}`,
      mend: "raise angles, shifts or queries",
    });
  const move = (key: Key, k: number): Move => {
    if (grid) return grid[k]!;
    const [a, r, d] = uniform(fold(key, k), 3, -1, 1);
    return [rotation * a!, translation * r!, translation * d!];
  };
  return {
    name: "spatial",
    access,
    kind: "own",
    norms: ["linf", "l2", "l1", "l0"],
    targets: true,
    deterministic: grid !== null,
    async run(victim: VictimOf[A], { x, labels, keys }, { norm, targeted, domain }: Threat) {
      const planes = planesOf(victim.inputShape);
      const black = domain.low.reduce((a, b) => Math.min(a, b));
      const best = new Best(x);
      for (let k = 0; k < tries; k++) {
        const open = keys.flatMap((_, i) => (best.won[i] ? [] : [i]));
        if (open.length === 0) break;
        const z = eachRow(take(x, open), (out, j) => {
          const clean = row(x, open[j]!);
          const [degrees, right, down] = move(keys[open[j]!]!, k);
          out.set(moved(after(shifted(right * planes.width, down * planes.height), turned(degrees)), planes, black).apply(clean));
          legalise(out, clean, norm, Number.POSITIVE_INFINITY, domain);
        });
        const found = await leads(victim, access, z, labels, open, targeted);
        for (const [j, i] of open.entries()) best.offer(i, row(z, j), -found[j]!, found[j]! < 0);
      }
      return [best.x];
    },
  };
}
