/** The way to a hyperplane within a box: what a linearised boundary asks of a point. */
import { fail } from "../base/index.ts";
import type { Box, Norm, NormName } from "./norm.ts";

/** What a unit of each coordinate's way gains, and how far it can go. */
type Solver = (slope: Float64Array, room: Float64Array, gain: number) => Float64Array;

/**
 * L∞ and L2: coordinate j goes min(roomⱼ, t·rateⱼ), with the least t that gains enough. The gain is concave and piecewise linear in t, so that Newton's
 * steps from 0 never go too far, and end.
 */
const together =
  (rate: (slope: number) => number): Solver =>
  (slope, room, gain) => {
    const rates = slope.map((v) => (v > 0 ? rate(v) : 0));
    const way = new Float64Array(slope.length);
    for (let t = 0; ; ) {
      let [gained, rise] = [0, 0];
      for (let j = 0; j < way.length; j++) {
        const free = t * rates[j]! < room[j]!;
        way[j] = free ? t * rates[j]! : room[j]!;
        gained += slope[j]! > 0 ? slope[j]! * way[j]! : 0;
        if (free) rise += slope[j]! * rates[j]!;
      }
      const next = rise > 0 ? t + (gain - gained) / rise : t;
      if (!(next > t)) return way;
      t = next;
    }
  };

/** L1: the steepest coordinates go as far as they can, one after the other. */
const inTurn: Solver = (slope, room, gain) => {
  const way = new Float64Array(slope.length);
  const order = Uint32Array.from(slope.keys()).filter((j) => slope[j]! > 0 && room[j]! > 0);
  let left = gain;
  for (const j of order.sort((a, b) => slope[b]! - slope[a]!)) {
    if (left <= 0) break;
    way[j] = Math.min(room[j]!, left / slope[j]!);
    left -= way[j]! * slope[j]!;
  }
  return way;
};

const nearest: Partial<Record<NormName, Solver>> = { linf: together(() => 1), l2: together((slope) => slope), l1: inTurn };

/**
 * The shortest d with w·d = gain and z + d in the box, in the norm; where no point of the box gains so much, the corner that gains most.
 * Croce & Hein 2019, arXiv:1907.02044, §2.2. The norms: L∞, L2, L1.
 */
export function towardsPlane(norm: Norm, z: Float32Array, w: Float32Array, gain: number, { low, high }: Box): Float64Array {
  const solve =
    nearest[norm.name] ?? fail({ code: "attack-norm", expected: "linf, l2 or l1", got: norm.name, mend: "choose one of those norms" });
  const d = new Float64Array(z.length);
  if (!(Math.abs(gain) > 0)) return d;
  const up = Math.sign(gain);
  const [slope, room] = [new Float64Array(z.length), new Float64Array(z.length)];
  for (let j = 0; j < z.length; j++) {
    const v = up * w[j]!;
    slope[j] = Math.abs(v);
    room[j] = v > 0 ? high[j]! - z[j]! : v < 0 ? z[j]! - low[j]! : 0;
  }
  const way = solve(slope, room, Math.abs(gain));
  for (let j = 0; j < z.length; j++) d[j] = Math.sign(up * w[j]!) * way[j]!;
  return d;
}
