/** Where attacks by labels begin: a point that wins, however far away, and the way from there to the boundary. */
import { fold, type Key, type Tensor, uniform } from "../base/index.ts";
import type { Batch, Threat } from "./attack.ts";
import { boxOf, legalise } from "./domain.ts";
import { Best, eachRow, row } from "./iterate.ts";
import type { Box, Norm } from "./norm.ts";
import type { Questions } from "./questions.ts";

export interface StartOptions {
  /** Points [m, …] that may win, such as samples of the class to reach; the nearest are tried first. Without, and after them, random points are. */
  readonly starts?: Tensor<"float32">;
  /** Points tried for each sample; default 200. */
  readonly tries?: number;
}

/** ‖z − x‖ of one sample. */
export const distanceOf = (norm: Norm, z: Float32Array, x: Float32Array): number =>
  norm.distance(Float64Array.from(z, (v, j) => v - x[j]!));

/** Of several points that win the nearest one, each brought near the boundary: so many, with this part of the questions at most. */
const [SEVERAL, PART, NEAR] = [10, 0.05, 0.05];

/** A point that wins for each sample for which one was found. `best.won` says for which; the others stay at x. */
export async function startingPoints(
  questions: Questions<boolean>,
  { x, keys }: Batch,
  threat: Threat,
  { starts, tries = 200 }: StartOptions,
): Promise<Best> {
  const best = new Best(x);
  const { norm, domain } = threat;
  const given = starts?.shape[0] ?? 0;
  const order = keys.map((_, i) => {
    const far = Array.from({ length: given }, (_, k) => distanceOf(norm, row(starts!, k), row(x, i)));
    return [...far.keys()].sort((a, b) => far[a]! - far[b]!);
  });
  const enough = questions.left.map((left) => left * (1 - PART));
  const found = new Float64Array(keys.length);
  for (let k = 0; k < tries; k++) {
    const open = questions.open((i) => found[i]! > 0 && (found[i] === SEVERAL || questions.left[i]! <= enough[i]!));
    if (open.length === 0) break;
    const z = eachRow(x, () => {});
    const winners: number[] = [];
    await questions.put(
      open,
      1,
      (out, i) => {
        const clean = row(x, i);
        if (k < given) out.set(row(starts!, order[i]![k]!));
        else draw(out, clean, fold(fold(keys[i]!, "start"), k), k - given, boxOf(domain, clean));
        legalise(out, clean, norm, Number.POSITIVE_INFINITY, domain);
      },
      (won, i, _, point) => {
        if (!won) return;
        found[i] = found[i]! + 1;
        row(z, i).set(point);
        winners.push(i);
      },
    );
    await toBoundary(questions, winners, { x, z, best, tolerance: NEAR }, threat);
  }
  return best;
}

/** Random points of four kinds in turn: anywhere, at the box's corners, on the way to a random point, mirrored in the middle of the box with some features kept. */
function draw(out: Float32Array, x: Float32Array, key: Key, k: number, { low, high }: Box): void {
  const [u, keep] = [uniform(fold(key, 0), x.length), uniform(fold(key, 1), x.length)];
  const share = uniform(fold(key, 2), 1)[0]!;
  for (let j = 0; j < x.length; j++) {
    // where the box has no end: further with every try
    const reach = (1 + Math.abs(x[j]!)) * 2 ** Math.min(k / 4, 40);
    const [a, b] = [low[j]! > -1e30 ? low[j]! : x[j]! - reach, high[j]! < 1e30 ? high[j]! : x[j]! + reach];
    const anywhere = a + u[j]! * (b - a);
    const points = [anywhere, u[j]! < 0.5 ? a : b, x[j]! + share * (anywhere - x[j]!), keep[j]! < share ? x[j]! : a + b - x[j]!];
    out[j] = points[k % points.length]!;
  }
}

/** The point a share t of the way from x to z; in L∞ z cut to the ball of radius t·‖z − x‖. */
export function between(out: Float32Array, x: Float32Array, z: Float32Array, t: number, norm: Norm): void {
  const radius = norm.name === "linf" ? t * distanceOf(norm, z, x) : 0;
  for (let j = 0; j < out.length; j++) {
    const d = z[j]! - x[j]!;
    out[j] = x[j]! + (norm.name === "linf" ? Math.min(Math.max(d, -radius), radius) : t * d);
  }
}

/**
 * Binary search from points z that win towards x, down to a share `tolerance` of the way: each z becomes the nearest point that won, and is offered to `best`.
 * @param path writes the point a share t of the way
 */
export async function toBoundary(
  questions: Questions<boolean>,
  samples: readonly number[],
  { x, z, best, tolerance }: { x: Tensor<"float32">; z: Tensor<"float32">; best: Best; tolerance: number },
  { norm, domain }: Threat,
  path: (out: Float32Array, i: number, from: Float32Array, t: number) => void = (out, i, from, t) => between(out, row(x, i), from, t, norm),
): Promise<void> {
  const from = { ...z, data: z.data.slice() };
  const ends = new Map(samples.map((i) => [i, { low: 0, high: 1 }]));
  for (;;) {
    const open = samples.filter((i) => questions.left[i]! > 0 && ends.get(i)!.high - ends.get(i)!.low > Math.max(tolerance, 2 ** -22));
    if (open.length === 0) break;
    const middle = (i: number) => (ends.get(i)!.low + ends.get(i)!.high) / 2;
    await questions.put(
      open,
      1,
      (out, i) => {
        path(out, i, row(from, i), middle(i));
        legalise(out, row(x, i), norm, Number.POSITIVE_INFINITY, domain);
      },
      (won, i, _, point) => {
        if (won) row(z, i).set(point);
        ends.get(i)![won ? "high" : "low"] = middle(i);
      },
    );
  }
  for (const i of samples) best.offer(i, row(z, i), -distanceOf(norm, row(z, i), row(x, i)), true);
}
