/** The small vector language that attacks are written in: rows of a batch [n, …], each a sample's numbers. */
import { fold, type Key, size, type Tensor, uniform } from "../base/index.ts";
import type { Batch, Threat } from "./attack.ts";
import { boxOf, type Domain } from "./domain.ts";

type Floats = Tensor<"float32">;

/** The numbers of sample `i`, sharing memory. */
export function row(t: Floats, i: number): Float32Array {
  const w = size(t.shape.slice(1));
  return t.data.subarray(i * w, (i + 1) * w);
}

/** A batch made sample by sample: `fill` writes each row. */
export function eachRow(like: Floats, fill: (out: Float32Array, i: number) => void): Floats {
  const out: Floats = { ...like, data: new Float32Array(like.data.length) };
  for (let i = 0; i < like.shape[0]!; i++) fill(row(out, i), i);
  return out;
}

export const copied = (t: Floats): Floats => ({ ...t, data: t.data.slice() });

/**
 * A random point of each sample's ball and box, where a climb starts. In L2 its radius is uniform: of points uniform in a ball of many dimensions nearly all
 * lie at the edge, and some hollows are only found from within.
 */
export const randomStart = ({ x, keys }: Pick<Batch, "x" | "keys">, threat: Threat): Floats =>
  eachRow(x, (out, i) => {
    const clean = row(x, i);
    startRow(out, clean, keys[i]!, threat);
    if (threat.norm.name !== "l2") return;
    const share = uniform(fold(keys[i]!, "radius"), 1)[0]!;
    for (let j = 0; j < out.length; j++) out[j] = clean[j]! + share * (out[j]! - clean[j]!);
  });

export function startRow(out: Float32Array, x: Float32Array, key: Key, { norm, epsilon, domain }: Threat): void {
  const box = boxOf(domain, x);
  const delta = norm.start(key, x.length, epsilon, { x, box });
  for (let j = 0; j < out.length; j++) out[j] = domain.free[j] ? x[j]! + delta[j]! : x[j]!;
  norm.project(out, x, epsilon, box);
}

/** z + length·direction(g), back in ball and box: one projected step of one sample, in place. `length` is in the units of the norm. */
export function stepRow(
  z: Float32Array,
  g: Float32Array,
  x: Float32Array,
  length: number,
  { norm, epsilon, domain }: Threat,
  share?: number,
  direction = new Float32Array(z.length),
): void {
  norm.steepest(freed(g, domain), direction, share);
  for (let j = 0; j < z.length; j++) z[j] = z[j]! + length * direction[j]!;
  norm.project(z, x, epsilon, boxOf(domain, x));
}

/** That step of every sample of a batch; z stays as it is. */
export function stepped(z: Floats, g: Floats, x: Floats, length: number, threat: Threat, share?: number): Floats {
  const next = copied(z);
  const direction = new Float32Array(size(z.shape.slice(1)));
  for (let i = 0; i < z.shape[0]!; i++) stepRow(row(next, i), row(g, i), row(x, i), length, threat, share, direction);
  return next;
}

/** The gradient where features may change, 0 elsewhere. */
export const freed = (g: Float32Array, { free, allFree }: Domain): Float32Array => (allFree ? g : g.map((v, j) => (free[j] ? v : 0)));

/**
 * z_y − max_{j≠y} z_j of row `i` of the logits, with its sign turned for targets: below 0 the attack has won.
 * NaN logits have not.
 */
export function lead(logits: Floats, i: number, label: number, targeted: boolean): number {
  const z = row(logits, i);
  let rival = Number.NEGATIVE_INFINITY;
  // Math.max keeps a NaN
  for (let j = 0; j < z.length; j++) if (j !== label) rival = Math.max(rival, z[j]!);
  const margin = z[label]! - rival;
  return targeted ? -margin : margin;
}

/** The classes other than `label`, at most so many, the most likely first. */
export const rivals = (logits: Float32Array, label: number, most = 9): number[] =>
  [...logits.keys()]
    .filter((j) => j !== label)
    .sort((a, b) => logits[b]! - logits[a]!)
    .slice(0, most);

/** The best point of each sample so far: one that wins before one that does not, then the one of the higher value. */
export class Best {
  readonly x: Floats;
  readonly value: Float64Array;
  readonly won: Uint8Array;

  constructor(start: Floats) {
    this.x = copied(start);
    this.value = new Float64Array(start.shape[0]!).fill(Number.NEGATIVE_INFINITY);
    this.won = new Uint8Array(start.shape[0]!);
  }

  /** Returns whether the point became the sample's best. */
  offer(i: number, point: Float32Array, value: number, wins: boolean): boolean {
    if (Number(wins) < this.won[i]! || (Number(wins) === this.won[i]! && !(value > this.value[i]!))) return false;
    row(this.x, i).set(point);
    this.value[i] = value;
    this.won[i] = Number(wins);
    return true;
  }

  /** Offer every row of a batch. */
  offerAll(points: Floats, values: ArrayLike<number>, logits: Floats, labels: ArrayLike<number>, targeted: boolean): void {
    for (let i = 0; i < values.length; i++) this.offer(i, row(points, i), values[i]!, lead(logits, i, labels[i]!, targeted) < 0);
  }

  /** Offer every row of a batch by how far it leads. */
  offerLeads(points: Floats, logits: Floats, labels: ArrayLike<number>, targeted: boolean): void {
    for (let i = 0; i < labels.length; i++) {
      const short = lead(logits, i, labels[i]!, targeted);
      this.offer(i, row(points, i), -short, short < 0);
    }
  }
}
