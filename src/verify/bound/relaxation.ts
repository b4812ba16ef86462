/** The lines that stand for what bends, over one enclosure. Made once for it, used by every row that is passed back. */
import type { Network, Rectifier } from "../net/network.ts";
import { TINY, UNIT } from "../net/unit.ts";
import { PLANES, relaxCurve, relaxProduct } from "./bends.ts";
import type { Ball, Domain } from "./concretize.ts";
import type { Cuts } from "./cuts.ts";
import type { Enclosure } from "./enclosure.ts";

/**
 * below·x + lift ≤ f(x) ≤ above·x + offset for each element of the rectifiers and curves, by vertex; other vertices have empty arrays.
 * Where a rectifier's line is exact, `offset` and `weight` are 0.
 */
export interface Relaxation {
  readonly enclosure: Enclosure;
  readonly below: Float64Array[];
  readonly lift: Float64Array[];
  readonly above: Float64Array[];
  readonly offset: Float64Array[];
  /** What a rounding of the element's line is a share of. */
  readonly weight: Float64Array[];
  /** Of products, the planes below and above each element: p, q, t of either. */
  readonly planes: Float64Array[];
  /** By vertex: what underflow of its coefficients takes at most, TINY·(1 + Σ max|x|). */
  readonly underflow: Float64Array;
  /** Of the input's box, what is to be considered; default: all of it. */
  readonly cuts?: Cuts;
  readonly ball?: Ball;
  /** Slopes of the lower lines; default {@link leastArea}. */
  readonly lower?: LowerSlope;
}

/** The slope of the line below max(x, slope·x) on [l, h], l < 0 < h: anything from slope to 1 is sound. */
export type LowerSlope = (l: number, h: number, slope: number) => number;

const NOTHING = new Float64Array(0);

/** Room for the lines over `enclosure`, which {@link relax} fills vertex by vertex. */
export function emptyRelaxation(
  { vertices }: Network,
  enclosure: Enclosure,
  { cuts, ball, lower }: Pick<Relaxation, "cuts" | "ball" | "lower"> = {},
): Relaxation {
  // a line that nobody has found yet proves nothing
  const unknown = (n: number) => new Float64Array(n).fill(Number.NaN);
  const room = () => vertices.map((v) => (v.kind === "rectifier" || v.kind === "curve" ? unknown(v.size) : NOTHING));
  const planes = vertices.map((v) => (v.kind === "product" ? unknown(PLANES * v.size) : NOTHING));
  const underflow = unknown(vertices.length);
  return { enclosure, below: room(), lift: room(), above: room(), offset: room(), weight: room(), planes, underflow, cuts, ball, lower };
}

/** All lines over an enclosure. */
export function relaxation(network: Network, enclosure: Enclosure): Relaxation {
  const lines = emptyRelaxation(network, enclosure);
  network.vertices.forEach((_, k) => {
    relax(network, k, lines);
  });
  return lines;
}

/** Where the inputs of `lines` lie. */
export const domainOf = ({ enclosure, ball }: Relaxation): Domain => ({
  low: enclosure.low[0]!,
  high: enclosure.high[0]!,
  ...(ball && { ball }),
});

/** The lines of vertex `k`, once what it reads and itself are enclosed. */
export function relax({ vertices }: Network, k: number, lines: Relaxation): void {
  const v = vertices[k]!;
  const { low, high } = lines.enclosure;
  let sum = 1;
  for (let i = 0; i < v.size; i++) sum += Math.max(Math.abs(low[k]![i]!), Math.abs(high[k]![i]!));
  lines.underflow[k] = TINY * sum;
  if (v.kind === "rectifier") for (let i = 0; i < v.size; i++) relaxElement(v, k, i, lines);
  else if (v.kind === "curve") relaxCurve(v, k, lines);
  else if (v.kind === "product") relaxProduct(v, k, lines);
}

/** The lines of one element of rectifier `k`. */
export function relaxElement(
  v: Rectifier,
  k: number,
  i: number,
  { enclosure, below, lift, above, offset, weight, lower = leastArea }: Relaxation,
): void {
  const [l, h] = [enclosure.low[v.from]![i]!, enclosure.high[v.from]![i]!];
  const exact = l >= 0 ? 1 : h <= 0 ? v.slope : null;
  if (exact !== null) {
    below[k]![i] = exact;
    lift[k]![i] = 0;
    above[k]![i] = exact;
    offset[k]![i] = 0;
    weight[k]![i] = exact === 0 || exact === 1 ? 0 : Math.max(Math.abs(l), Math.abs(h));
    return;
  }
  // NaN is none of these: its lines are NaN, and so is the bound
  const line = chord(l, h, v.slope);
  below[k]![i] = lower(l, h, v.slope);
  lift[k]![i] = 0;
  above[k]![i] = line.slope;
  offset[k]![i] = line.offset;
  weight[k]![i] = Math.max(-l, h) + line.offset;
}

/** The line above max(x, slope·x) on [l, h], l < 0 < h: its slope as it was rounded, and an offset large enough for that. */
export function chord(l: number, h: number, slope: number): { readonly slope: number; readonly offset: number } {
  const s = (h - slope * l) / (h - l);
  return { slope: s, offset: Math.max(h - s * h, slope * l - s * l) + 8 * UNIT * (h - l) + TINY };
}

/** The lower line of less area: of max(x, slope·x) ≥ α·x, α = 1 where more of the box is above 0. */
export const leastArea: LowerSlope = (l, h, slope) => (Number.isNaN(l + h) ? Number.NaN : h > -l ? 1 : slope);
