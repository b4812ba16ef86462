/** Norms as values: how a ball is entered, climbed in and projected to. All on one sample's numbers. */
import { type Key, normal, uniform } from "../base/index.ts";

export type NormName = "linf" | "l2" | "l1" | "l0";

/** Least and largest allowed value of each number of a sample: what its features may be, whatever ε. */
export interface Box {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

export interface Norm {
  readonly name: NormName;
  /** ‖δ‖ of one sample's perturbation. */
  distance(delta: ArrayLike<number>): number;
  /**
   * The steepest ascent direction of norm 1 for gradient `g`, into `out`. A gradient that is NaN asks for no step.
   * @param share of the features that an L1 step moves at once; the other norms move all
   */
  steepest(g: Float32Array, out: Float32Array, share?: number): void;
  /** Bring `z` into the ball of radius ε around `x` and into the box, in place, up to rounding. In L2 first the one, then the other: as PGD is computed everywhere. */
  project(z: Float32Array, x: Float32Array, epsilon: number, box: Box): void;
  /** As `project`, the box first: in L2 that leaves longer perturbations, since what the box takes is not missing from the length. */
  boxFirst?(z: Float32Array, x: Float32Array, epsilon: number, box: Box): void;
  /**
   * A random perturbation inside the ball.
   * @param around the point and its box, in which L0's features go anywhere; without, they move by −1…1
   */
  start(key: Key, n: number, epsilon: number, around?: { readonly x: Float32Array; readonly box: Box }): Float32Array;
}

const choice = new Float64Array(3);

/** `v` within low…high, looked up rather than branched to: which side a feature falls on is what a processor predicts worst, and attacks do little else. */
function clamp(v: number, low: number, high: number): number {
  choice[0] = low;
  choice[1] = v;
  choice[2] = high;
  return choice[Number(!(v < low)) + Number(v > high)]!;
}

function clip(z: Float32Array, { low, high }: Box): void {
  for (let i = 0; i < z.length; i++) z[i] = clamp(z[i]!, low[i]!, high[i]!);
}

/** max |δᵢ|. The steepest step is the sign of the gradient. */
export const linf: Norm = {
  name: "linf",
  distance(delta) {
    let d = 0;
    for (let i = 0; i < delta.length; i++) d = Math.max(d, Math.abs(delta[i]!));
    return d;
  },
  steepest(g, out) {
    for (let i = 0; i < g.length; i++) out[i] = Number(g[i]! > 0) - Number(g[i]! < 0);
  },
  project(z, x, epsilon, { low, high }) {
    for (let i = 0; i < z.length; i++) z[i] = clamp(clamp(z[i]!, x[i]! - epsilon, x[i]! + epsilon), low[i]!, high[i]!);
  },
  start: (key, n, epsilon) => uniform(key, n, -epsilon, epsilon),
};

function length(v: ArrayLike<number>): number {
  let s = 0;
  for (let i = 0; i < v.length; i++) s += v[i]! ** 2;
  return Math.sqrt(s);
}

/** x + δ·min(1, ε/‖δ‖₂), in place. */
function shorten(z: Float32Array, x: Float32Array, epsilon: number): void {
  let s = 0;
  for (let i = 0; i < z.length; i++) s += (z[i]! - x[i]!) ** 2;
  const scale = s > epsilon * epsilon ? epsilon / Math.sqrt(s) : 1;
  if (scale < 1) for (let i = 0; i < z.length; i++) z[i] = x[i]! + scale * (z[i]! - x[i]!);
}

/** √Σδᵢ². The steepest step is the gradient, normalised. */
export const l2: Norm = {
  name: "l2",
  distance: length,
  steepest(g, out) {
    // in float64, where squares of tiny gradients do not underflow
    let s = 0;
    for (let i = 0; i < g.length; i++) {
      const v = Number.isNaN(g[i]!) ? 0 : g[i]!;
      s += v * v;
    }
    const scale = s > 0 && s < Number.POSITIVE_INFINITY ? 1 / Math.sqrt(s) : 0;
    for (let i = 0; i < g.length; i++) out[i] = Number.isNaN(g[i]!) ? 0 : g[i]! * scale;
  },
  project(z, x, epsilon, box) {
    shorten(z, x, epsilon);
    // towards x, coordinate by coordinate: it stays in the ball
    clip(z, box);
  },
  boxFirst(z, x, epsilon, box) {
    clip(z, box);
    // towards x: it stays in the box
    shorten(z, x, epsilon);
  },
  start(key, n, epsilon) {
    // uniform in the ball: a normal direction, radius ε·u^(1/n) (two more normal draws serve as u)
    const v = normal(key, n + 2);
    const radius = epsilon * Math.exp(-0.5 * (v[n]! ** 2 + v[n + 1]! ** 2)) ** (1 / n);
    const d = v.subarray(0, n);
    const scale = radius / length(d);
    return d.map((z) => z * scale);
  },
};

/** The k-th largest of |v| (k from 1). */
function kthLargest(v: ArrayLike<number>, k: number): number {
  const a = Float64Array.from(v, Math.abs).sort();
  return a[a.length - k]!;
}

/**
 * Σ|δᵢ|. The steepest step is all in the coordinate of the largest gradient; a `share` of the largest moves together, by their signs
 * (sparse descent: Tramèr & Boneh 2019, arXiv:1904.13000, §4).
 */
export const l1: Norm = {
  name: "l1",
  distance(delta) {
    let s = 0;
    for (let i = 0; i < delta.length; i++) s += Math.abs(delta[i]!);
    return s;
  },
  steepest(g, out, share = 0) {
    const clean = Float32Array.from(g, (v) => (Number.isNaN(v) ? 0 : v));
    const k = Math.max(1, Math.round(share * g.length));
    const least = kthLargest(clean, k);
    let count = 0;
    for (let i = 0; i < g.length; i++) {
      const chosen = least > 0 && Math.abs(clean[i]!) >= least && count < k;
      if (chosen) count++;
      out[i] = chosen ? Math.sign(clean[i]!) : 0;
    }
    if (count > 1) for (let i = 0; i < out.length; i++) out[i] = out[i]! / count;
  },
  project: projectL1Box,
  start(key, n, epsilon) {
    // uniform on the sphere: exponential magnitudes with random signs, over their sum; radius as in L2
    const u = uniform(key, 2 * n + 1);
    const radius = epsilon * u[2 * n]! ** (1 / n);
    let sum = 0;
    const d = Float32Array.from({ length: n }, (_, i) => {
      const size = -Math.log(1 - u[i]!);
      sum += size;
      return u[n + i]! < 0.5 ? -size : size;
    });
    return d.map((v) => (v * radius) / sum);
  },
};

/**
 * The point of {‖z − x‖₁ ≤ ε} ∩ box nearest to `z` (Croce & Hein 2021, arXiv:2103.01208, Prop. 2.1): every |δᵢ| shrinks by one λ ≥ 0 and
 * is cut to what the box leaves. Σ falls with λ: λ is halved in on, to float64's last bit.
 */
function projectL1Box(z: Float32Array, x: Float32Array, epsilon: number, { low, high }: Box): void {
  const n = z.length;
  const size = new Float64Array(n);
  const room = new Float64Array(n);
  // those that λ can change come first
  let m = 0;
  let [sum, largest] = [0, 0];
  for (let i = 0; i < n; i++) {
    const d = z[i]! - x[i]!;
    const left = d > 0 ? high[i]! - x[i]! : x[i]! - low[i]!;
    if (!(Math.abs(d) > 0 && left > 0)) continue;
    size[m] = Math.abs(d);
    room[m] = left;
    sum += Math.min(size[m]!, left);
    largest = Math.max(largest, size[m]!);
    m++;
  }
  let [least, most] = [0, sum > epsilon ? largest : 0];
  for (let halved = 0; halved < 60; halved++) {
    const lambda = (least + most) / 2;
    let left = 0;
    for (let i = 0; i < m; i++) left += clamp(size[i]! - lambda, 0, room[i]!);
    if (left > epsilon) least = lambda;
    else most = lambda;
  }
  for (let i = 0; i < n; i++) {
    const d = z[i]! - x[i]!;
    const left = Math.max(d > 0 ? high[i]! - x[i]! : x[i]! - low[i]!, 0);
    z[i] = clamp(x[i]! + Math.sign(d) * clamp(Math.abs(d) - most, 0, left), low[i]!, high[i]!);
  }
}

/** How many δᵢ are not 0. The ball holds ε features that may be anything in the box. */
export const l0: Norm = {
  name: "l0",
  distance(delta) {
    let d = 0;
    for (let i = 0; i < delta.length; i++) if (delta[i] !== 0) d++;
    return d;
  },
  steepest: (g, out, share) => l1.steepest(g, out, share),
  project(z, x, epsilon, box) {
    clip(z, box);
    const k = Math.floor(epsilon);
    const delta = Float64Array.from(z, (v, i) => v - x[i]!);
    if (l0.distance(delta) <= k) return;
    const least = k >= 1 ? kthLargest(delta, k) : Number.POSITIVE_INFINITY;
    let count = 0;
    for (let i = 0; i < z.length; i++) {
      if (Math.abs(delta[i]!) > least) count++;
    }
    for (let i = 0; i < z.length; i++) {
      const size = Math.abs(delta[i]!);
      if (size > least) continue;
      if (size === least && count < k) count++;
      else z[i] = x[i]!;
    }
  },
  start(key, n, epsilon, around) {
    const u = uniform(key, 2 * n);
    // features without room are not drawn
    const roomy = [...u.subarray(0, n).keys()].filter((i) => !around || around.box.high[i]! > around.box.low[i]!);
    const out = new Float32Array(n);
    for (const i of roomy.sort((a, b) => u[b]! - u[a]!).slice(0, Math.max(Math.floor(epsilon), 0))) {
      const at = around ? around.x[i]! : 0;
      // where the box has no end, twice as far as the point lies, and 1
      const [low, high] = around ? [around.box.low[i]!, around.box.high[i]!] : [-1, 1];
      const [least, most] = [low > -1e30 ? low : at - Math.abs(at) - 1, high < 1e30 ? high : at + Math.abs(at) + 1];
      out[i] = least + u[n + i]! * (most - least) - at;
    }
    return out;
  },
};

export const norms: Readonly<Record<NormName, Norm>> = { linf, l2, l1, l0 };

const scratch = new DataView(new ArrayBuffer(4));

/** The float32 next to `v`, in the direction of `to` (another float32). */
function nextTowards(v: number, to: number): number {
  if (v === to) return v;
  if (v === 0) return to > 0 ? 2 ** -149 : -(2 ** -149);
  scratch.setFloat32(0, v);
  // floats of one sign are ordered as their bits are
  scratch.setInt32(0, scratch.getInt32(0) + (Math.abs(to) > Math.abs(v) && to * v > 0 ? 1 : -1));
  return scratch.getFloat32(0);
}

/**
 * Bring a candidate into the ball around `x` and into the box, in place, in float32 and from the inside:
 * what is judged is what the user could feed.
 */
export function projectExactly(z: Float32Array, x: Float32Array, norm: Norm, epsilon: number, box: Box): void {
  norm.project(z, x, epsilon, box);
  const distance = () => norm.distance(Float64Array.from(z, (v, i) => v - x[i]!));
  if (norm.name === "linf") {
    // rounding to float32 may step over the edge by half a unit in the last place
    for (let i = 0; i < x.length; i++) if (Math.abs(z[i]! - x[i]!) > epsilon) z[i] = nextTowards(z[i]!, x[i]!);
  }
  // rounding leaves the sphere now and then: shrink a little more each time
  else
    for (let d = distance(), room = 2 ** -22; d > epsilon; d = distance(), room *= 2) {
      const s = Math.max((epsilon / d) * (1 - room), 0);
      for (let i = 0; i < x.length; i++) z[i] = x[i]! + s * (z[i]! - x[i]!);
    }
  clip(z, box);
}
