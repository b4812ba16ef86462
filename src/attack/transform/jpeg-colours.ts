/** Colour at half the resolution, as libjpeg takes and gives it: linear maps of planes, with their adjoints. */

/** One result's numbers along an axis: Σ wₖ·x[atₖ]. */
type Taps = readonly (readonly [at: number, weight: number])[];

interface Along {
  /** Lengths along the axis. */
  readonly from: number;
  readonly to: number;
  readonly taps: (i: number, from: number) => Taps;
}

/** Rows (axis 0) or columns of a plane through the taps; `adjoint` goes from what they give to what they take. */
function along(x: Float64Array, other: number, axis: 0 | 1, { from, to, taps }: Along, adjoint: boolean): Float64Array {
  const out = new Float64Array(other * (adjoint ? from : to));
  const place = (line: number, i: number, length: number) => (axis === 0 ? i * other + line : line * length + i);
  for (let i = 0; i < to; i++)
    for (const [at, weight] of taps(i, from))
      for (let line = 0; line < other; line++) {
        const taken = place(line, at, from);
        const given = place(line, i, to);
        const [target, source] = adjoint ? [taken, given] : [given, taken];
        out[target] = out[target]! + weight * x[source]!;
      }
  return out;
}

export const half = (n: number): number => Math.ceil(n / 2);

/** The mean of two neighbours, the last one repeated. */
const means = (i: number, from: number): Taps => [
  [2 * i, 0.5],
  [Math.min(2 * i + 1, from - 1), 0.5],
];

/** Three quarters of the nearer mean and one of the farther: a triangle, the edge repeated. */
const triangle = (i: number, from: number): Taps => [
  [i >> 1, 0.75],
  [Math.min(Math.max((i >> 1) + (i % 2 === 0 ? -1 : 1), 0), from - 1), 0.25],
];

/** [height, width] → [⌈height/2⌉, ⌈width/2⌉], or its adjoint, back. */
export function halved(x: Float64Array, height: number, width: number, adjoint = false): Float64Array {
  const down: Along = { from: height, to: half(height), taps: means };
  const across: Along = { from: width, to: half(width), taps: means };
  return adjoint
    ? along(along(x, half(height), 1, across, true), width, 0, down, true)
    : along(along(x, width, 0, down, false), half(height), 1, across, false);
}

/** [⌈height/2⌉, ⌈width/2⌉] → [height, width], or its adjoint, back. */
export function doubled(x: Float64Array, height: number, width: number, adjoint = false): Float64Array {
  const down: Along = { from: half(height), to: height, taps: triangle };
  const across: Along = { from: half(width), to: width, taps: triangle };
  return adjoint
    ? along(along(x, height, 1, across, true), half(width), 0, down, true)
    : along(along(x, half(width), 0, down, false), height, 1, across, false);
}
