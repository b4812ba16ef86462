/** The way to a hyperplane within a box: what a linearised boundary asks of a point. */
import { fail } from "../base/index.ts";
import type { Box, Norm, NormName } from "./norm.ts";

/** How much one coordinate may move towards the plane, and what it gains by a unit of that. */
interface Coordinate {
  readonly j: number;
  readonly slope: number;
  readonly room: number;
}

/**
 * How far each coordinate goes, in the order given. L∞ and L2: min(roomⱼ, t·rateⱼ) with the least t that gains enough: gain is piecewise linear in t, and
 * its kinks are where a coordinate meets its wall.
 */
function together(list: Coordinate[], gain: number, rate: (c: Coordinate) => number): Float64Array {
  const walls = Float64Array.from(list, (c) => c.room / rate(c));
  const order = Uint32Array.from(list.keys()).sort((a, b) => walls[a]! - walls[b]!);
  let slope = list.reduce((s, c) => s + c.slope * rate(c), 0);
  let [t, gained] = [0, 0];
  for (const k of order) {
    if (!(slope > 0)) break;
    const next = gained + slope * (walls[k]! - t);
    if (next >= gain) break;
    [t, gained] = [walls[k]!, next];
    slope -= list[k]!.slope * rate(list[k]!);
  }
  if (gained < gain && slope > 0) t += (gain - gained) / slope;
  return Float64Array.from(list, (c) => Math.min(c.room, t * rate(c)));
}

/** L1: the steepest coordinates go as far as they can, one after the other. */
function inTurn(list: Coordinate[], gain: number): Float64Array {
  const out = new Float64Array(list.length);
  let left = gain;
  for (const k of Uint32Array.from(list.keys()).sort((a, b) => list[b]!.slope - list[a]!.slope)) {
    if (left <= 0) break;
    out[k] = Math.min(list[k]!.room, left / list[k]!.slope);
    left -= out[k]! * list[k]!.slope;
  }
  return out;
}

const nearest: Partial<Record<NormName, (list: Coordinate[], gain: number) => Float64Array>> = {
  linf: (list, gain) => together(list, gain, () => 1),
  l2: (list, gain) => together(list, gain, (c) => c.slope),
  l1: inTurn,
};

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
  const list: Coordinate[] = [];
  for (let j = 0; j < z.length; j++) {
    const v = up * w[j]!;
    const room = v > 0 ? high[j]! - z[j]! : z[j]! - low[j]!;
    if (Math.abs(v) > 0 && room > 0) list.push({ j, slope: Math.abs(v), room });
  }
  solve(list, Math.abs(gain)).forEach((far, k) => {
    d[list[k]!.j] = Math.sign(up * w[list[k]!.j]!) * far;
  });
  return d;
}
