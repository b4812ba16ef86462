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
  /** Bring `z` into the ball of radius ε around `x` and into the box, in place, up to rounding. */
  project(z: Float32Array, x: Float32Array, epsilon: number, box: Box): void;
  /** A random perturbation inside the ball. */
  start(key: Key, n: number, epsilon: number): Float32Array;
}

const clamp = (v: number, low: number, high: number): number => (v < low ? low : v > high ? high : v);

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
    for (let i = 0; i < g.length; i++) out[i] = g[i]! > 0 ? 1 : g[i]! < 0 ? -1 : 0;
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
    let s = 0;
    for (let i = 0; i < z.length; i++) s += (z[i]! - x[i]!) ** 2;
    const shrink = s > epsilon * epsilon ? epsilon / Math.sqrt(s) : 1;
    if (shrink < 1) for (let i = 0; i < z.length; i++) z[i] = x[i]! + shrink * (z[i]! - x[i]!);
    // towards x, coordinate by coordinate: it stays in the ball
    clip(z, box);
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
 * is cut to what the box leaves. Σ is piecewise linear and falls with λ: its kinks are sorted, and λ lies between two of them.
 */
function projectL1Box(z: Float32Array, x: Float32Array, epsilon: number, { low, high }: Box): void {
  const n = z.length;
  const size = new Float64Array(n);
  const room = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const d = z[i]! - x[i]!;
    size[i] = Math.abs(d);
    room[i] = Math.max(d > 0 ? high[i]! - x[i]! : x[i]! - low[i]!, 0);
    sum += Math.min(size[i]!, room[i]!);
  }
  let lambda = 0;
  if (sum > epsilon) {
    // |δᵢ|(λ) = clamp(sizeᵢ − λ, 0, roomᵢ): starts to fall at λ = sizeᵢ − roomᵢ, is 0 from λ = sizeᵢ
    const kinks: [at: number, slope: number][] = [];
    let slope = 0;
    for (let i = 0; i < n; i++) {
      if (size[i] === 0 || room[i] === 0) continue;
      if (size[i]! > room[i]!) kinks.push([size[i]! - room[i]!, 1]);
      else slope++;
      kinks.push([size[i]!, -1]);
    }
    kinks.sort((a, b) => a[0] - b[0]);
    for (const [at, change] of kinks) {
      const fall = slope * (at - lambda);
      if (sum - fall <= epsilon) break;
      sum -= fall;
      lambda = at;
      slope += change;
    }
    lambda += (sum - epsilon) / Math.max(slope, 1);
  }
  for (let i = 0; i < n; i++) {
    const d = z[i]! - x[i]!;
    z[i] = clamp(x[i]! + Math.sign(d) * clamp(size[i]! - lambda, 0, room[i]!), low[i]!, high[i]!);
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
  start(key, n, epsilon) {
    const u = uniform(key, 2 * n);
    const k = Math.min(Math.floor(epsilon), n);
    const last = k > 0 ? [...u.subarray(0, n)].sort((a, b) => b - a)[k - 1]! : 2;
    // in units of the data's range, which the caller cuts it to
    return Float32Array.from({ length: n }, (_, i) => (u[i]! >= last ? 2 * u[n + i]! - 1 : 0));
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
