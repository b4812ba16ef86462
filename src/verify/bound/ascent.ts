/**
 * Better multipliers by ascent. The gradient of a bound is in closed form: where the bound is least, at x*, the values of the network
 * with its lines for rectifiers. Of a slope α that a row's coefficient c > 0 meets it is c·z, of a split's β it is −sign·z, z the value
 * that the rectifier reads.
 */
import { sourcesOf } from "../net/network.ts";
import type { Backward, LinearBounds } from "./backward.ts";
import { PLANES } from "./bends.ts";
import { minimiser } from "./concretize.ts";
import { Multipliers, type Places, type Split } from "./multipliers.ts";
import { domainOf, type Relaxation } from "./relaxation.ts";

export interface Ascent {
  readonly steps: number;
  /** Of the first step; each is 0.98 of the one before. */
  readonly rate?: number;
  /** Rows above this are done; default 0. */
  readonly enough?: number;
}

export interface Ascended {
  /** The best of each row, [count]. */
  readonly least: Float64Array;
  /** Of which these are the multipliers. */
  readonly alphas: Float64Array;
  readonly betas: readonly Float64Array[];
  /** Of the last step: linear bounds, and what the rows asked of each vertex. */
  readonly last: LinearBounds;
}

/** Adam: Kingma & Ba 2015, arXiv:1412.6980. */
class Adam {
  readonly #m: Float64Array;
  readonly #v: Float64Array;
  #t = 0;
  #rate = 0;

  constructor(n: number) {
    this.#m = new Float64Array(n);
    this.#v = new Float64Array(n);
  }

  /** What the next steps of all entries have in common. */
  next(rate: number): void {
    this.#t++;
    this.#rate = (rate * Math.sqrt(1 - 0.999 ** this.#t)) / (1 - 0.9 ** this.#t);
  }

  step(i: number, gradient: number): number {
    const m = 0.9 * this.#m[i]! + 0.1 * gradient;
    const v = 0.999 * this.#v[i]! + 0.001 * gradient * gradient;
    this.#m[i] = m;
    this.#v[i] = v;
    return (this.#rate * m) / (Math.sqrt(v) + 1e-8);
  }
}

/**
 * Raise the bounds of rows [count, size of `at`] over each row's lines.
 * @param alphas [count, places]: where to start; not changed
 * @param betas of each row's splits: where to start; not changed
 */
export async function ascend(
  back: Backward,
  at: number,
  rows: Float64Array,
  lines: readonly Relaxation[],
  places: Places,
  alphas: Float64Array,
  splits: readonly (readonly Split[])[],
  betas: readonly Float64Array[],
  { steps, rate = 0.25, enough = 0 }: Ascent,
): Promise<Ascended> {
  const count = lines.length;
  const now = new Multipliers(
    places,
    alphas.slice(),
    splits,
    betas.map((b) => b.slice()),
  );
  const best = {
    least: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
    alphas: alphas.slice(),
    betas: betas.map((b) => b.slice()),
  };
  const adam = new Adam(now.alphas.length);
  const starts = new Int32Array(count);
  for (let r = 1; r < count; r++) starts[r] = starts[r - 1]! + (splits[r - 1]?.length ?? 0);
  const adamOfBetas = new Adam(count === 0 ? 0 : starts[count - 1]! + (splits[count - 1]?.length ?? 0));
  for (let step = 0; ; step++) {
    const last = await back.bound(at, rows, count, lines, now);
    let open = false;
    for (let r = 0; r < count; r++) {
      // NaN is never better
      if (last.least[r]! > best.least[r]!) {
        best.least[r] = last.least[r]!;
        best.alphas.set(now.alphas.subarray(r * places.count, (r + 1) * places.count), r * places.count);
        if (betas.length > 0) best.betas[r]!.set(now.betas[r]!);
      }
      open ||= !(best.least[r]! > enough);
    }
    if (step === steps || !open) return { ...best, last };
    const values = await relaxedValues(back, last, count, lines, now);
    adam.next(rate * 0.98 ** step);
    adamOfBetas.next(rate * 0.98 ** step);
    for (const [k, elements] of places.elements.entries()) {
      const v = back.network.vertices[k]!;
      const asked = last.passed[k];
      if (elements.length === 0 || v.kind !== "rectifier" || !asked) continue;
      const read = values[v.from]!;
      for (let r = 0; r < count; r++) {
        const offset = lines[r]!.offset[k]!;
        for (let u = 0; u < elements.length; u++) {
          const i = elements[u]!;
          const c = asked[r * v.size + i]!;
          if (!(c > 0) || !(offset[i]! > 0)) continue;
          const p = r * places.count + places.starts[k]! + u;
          now.alphas[p] = Math.min(Math.max(now.alphas[p]! + adam.step(p, c * read[r * v.size + i]!), v.slope), 1);
        }
      }
    }
    for (let r = 0; r < count; r++)
      splits[r]?.forEach(({ vertex, element, sign }, s) => {
        const v = back.network.vertices[vertex]!;
        if (v.kind !== "rectifier" || !last.passed[vertex]) return;
        const z = values[v.from]![r * v.size + element]!;
        now.betas[r]![s] = Math.max(now.betas[r]![s]! + adamOfBetas.step(starts[r]! + s, -sign * z), 0);
      });
  }
}

/** The values of all vertices, [count, size] each, where each row's bound is least, with the lines that the row has met for rectifiers. */
async function relaxedValues(
  back: Backward,
  { coefficients, passed }: LinearBounds,
  count: number,
  lines: readonly Relaxation[],
  multipliers: Multipliers,
): Promise<(Float64Array | null)[]> {
  const { vertices } = back.network;
  const values: (Float64Array | null)[] = new Array(vertices.length).fill(null);
  const x = new Float64Array(coefficients.length);
  const n = vertices[0]!.size;
  for (let r = 0; r < count; r++) x.set(minimiser(coefficients.subarray(r * n, (r + 1) * n), domainOf(lines[r]!)), r * n);
  values[0] = x;
  for (let k = 1; k < passed.length - 1; k++) {
    const v = vertices[k]!;
    if (!passed[k] || sourcesOf(v).some((s) => !values[s])) continue;
    const y = new Float64Array(count * v.size);
    values[k] = y;
    if (v.kind === "affine") {
      if (v.bias) for (let r = 0; r < count; r++) y.set(v.bias, r * v.size);
      const wait = back.forward(k, values[v.from]!, lines, y);
      if (wait) await wait;
    } else if (v.kind === "sum") {
      for (const s of v.from) for (let p = 0; p < y.length; p++) y[p]! += values[s]![p]!;
    } else if (v.kind === "product") {
      const [x, z, asked] = [values[v.from[0]]!, values[v.from[1]]!, passed[k]!];
      for (let r = 0; r < count; r++)
        for (let i = 0, p = r * v.size; i < v.size; i++, p++) {
          const [planes, at] = [lines[r]!.planes[k]!, PLANES * i + (asked[p]! > 0 ? 0 : 3)];
          y[p] = planes[at]! * x[p]! + planes[at + 1]! * z[p]! + planes[at + 2]!;
        }
    } else if (v.kind === "rectifier" || v.kind === "curve") {
      const [read, asked] = [values[v.from]!, passed[k]!];
      for (let r = 0; r < count; r++) {
        const [lift, above, offset] = [lines[r]!.lift[k]!, lines[r]!.above[k]!, lines[r]!.offset[k]!];
        const below = lines[r]!.below[k]!.slice();
        multipliers.choose(k, r, offset, below);
        for (let i = 0, p = r * v.size; i < v.size; i++, p++)
          y[p] = asked[p]! > 0 ? below[i]! * read[p]! + lift[i]! : above[i]! * read[p]! + offset[i]!;
      }
    }
  }
  return values;
}
