/**
 * Bounds of a rectifier network in whole numbers: nothing is rounded but where it says so, and then to the safe side. It shares no code
 * with the bounds that the search computes in float64; what they have in common is the network, as it was read.
 */
import type { Affine, Network, Rectifier, Sum, Vertex } from "../net/network.ts";
import { above, below, exactly, floored, Packed, raised, type Scaled } from "./integers.ts";

/** Bits after the point: of bounds of values, of coefficients behind a rectifier, of constants. */
export const VALUE = 64;
const COEFFICIENT = 44;
const CONSTANT = 160;

/** low ≤ value ≤ high of each element of each vertex, in units of 2^−VALUE. */
export interface Range {
  readonly low: bigint[];
  readonly high: bigint[];
  /** How far each element may be off, where a map's entries are not exact. */
  readonly off?: readonly bigint[];
}

/** Σ c·(a vertex's value) by vertex, and a constant in units of 2^−CONSTANT. */
export interface Form {
  readonly parts: ReadonlyMap<number, Scaled>;
  readonly constant: bigint;
}

/** What a leaf chooses: of element i of rectifier k. Whatever it is, the bound holds; null leaves the choice to the checker. */
export interface Chosen {
  /** The slope of the line below an open rectifier, of 2^COEFFICIENT. */
  readonly alpha: (k: number, i: number) => bigint | null;
  /** Multipliers ≥ 0 of what is assumed (sign·x ≥ 0), of 2^COEFFICIENT. */
  readonly betas: readonly { readonly vertex: number; readonly element: number; readonly sign: 1 | -1; readonly beta: bigint }[];
}

export const nothingChosen: Chosen = { alpha: () => null, betas: [] };

/** `n` of COEFFICIENT bits, rounded down. */
export const coefficient = (x: number): bigint => {
  const { values, bits } = exactly([x]);
  return floored(values[0]!, bits - COEFFICIENT);
};

const constantOf = (n: bigint, bits: number): bigint => floored(n, bits - CONSTANT);

interface Map_ {
  readonly kind: "affine";
  readonly v: Affine;
  /** Of each row: places and entries. */
  readonly rows: readonly { readonly places: readonly number[]; readonly entries: readonly bigint[] }[];
  readonly bits: number;
  readonly bias: Scaled | null;
  /** For dense maps. */
  readonly packed: Packed | null;
  /** By which share entries and bias may be off, rounded up. 0 where they are exact. */
  readonly inexact: bigint;
}

interface Bend {
  readonly kind: "rectifier";
  readonly v: Rectifier;
  readonly slope: bigint;
  readonly bits: number;
}

type Exact = Map_ | Bend | { readonly kind: "sum"; readonly v: Sum } | { readonly kind: "input" };

export class Bounds {
  readonly network: Network;
  readonly #exact: Exact[] = [];

  /** @param network of affine maps, sums and rectifiers only */
  constructor(network: Network) {
    this.network = network;
  }

  /** Vertex `k` in whole numbers, made when it is first asked for: large maps take their time. */
  #at(k: number): Exact {
    this.#exact[k] ??= exactOf(this.network.vertices[k]!);
    return this.#exact[k]!;
  }

  /** Enclose vertex `k` by intervals, from those before it. */
  enclose(k: number, ranges: readonly Range[]): Range {
    const e = this.#at(k);
    if (e.kind === "input") return ranges[0]!;
    if (e.kind === "affine") return encloseMap(e, ranges[e.v.from]!);
    if (e.kind === "sum") {
      const sum = (side: "low" | "high") => Array.from({ length: e.v.size }, (_, i) => total(e.v.from, ranges, side, i));
      return { low: sum("low"), high: sum("high") };
    }
    const { low, high } = ranges[e.v.from]!;
    return {
      low: low.map((l) => (l >= 0n ? l : floored(l * e.slope, e.bits))),
      high: high.map((h) => (h >= 0n ? h : raised(h * e.slope, e.bits))),
    };
  }

  /**
   * The least value of a form over all that `ranges` enclose, rounded down, in units of 2^−CONSTANT: each vertex from the last to the first is replaced by what is
   * below it in terms of those that it comes from. Every vertex before the form's last one has been enclosed.
   */
  least(form: Form, ranges: readonly Range[], { alpha, betas }: Chosen = nothingChosen): bigint {
    const pending = new Map(form.parts);
    let constant = form.constant;
    for (let k = Math.max(0, ...pending.keys()); k > 0; k--) {
      const a = pending.get(k);
      const e = this.#at(k);
      if (!a || e.kind === "input") continue;
      pending.delete(k);
      if (e.kind === "affine") {
        if (e.bias) constant += constantOf(dot(a.values, e.bias.values), a.bits + e.bias.bits);
        const { off } = ranges[k] ?? {};
        if (off) constant -= raised(dot(a.values.map(absolute), off), a.bits + VALUE - CONSTANT);
        join(pending, e.v.from, { values: pulled(a.values, e), bits: a.bits + e.bits });
      } else if (e.kind === "sum") for (const s of e.v.from) join(pending, s, a);
      else {
        const { values, taken } = this.#bent(k, e, a, ranges[e.v.from]!, alpha);
        for (const { vertex, element, sign, beta } of betas) if (vertex === k) values[element]! -= BigInt(sign) * beta;
        constant += taken;
        join(pending, e.v.from, { values, bits: COEFFICIENT });
      }
    }
    const a = pending.get(0);
    if (!a) return constant;
    const { low, high } = ranges[0]!;
    let sum = 0n;
    a.values.forEach((c, j) => {
      sum += c * (c > 0n ? low[j]! : high[j]!);
    });
    return constant + constantOf(sum, a.bits + VALUE);
  }

  /**
   * c·f(x) ≥ a·x + t for l ≤ x ≤ h and *any* a, if t is the least of c·f(x) − a·x: that is linear between l, 0 and h, so it is least at one of
   * them. So a may be rounded at will.
   */
  #bent(k: number, { slope, bits }: Bend, c: Scaled, { low, high }: Range, alpha: Chosen["alpha"]): { values: bigint[]; taken: bigint } {
    let taken = 0n;
    const wide = Math.max(c.bits, COEFFICIENT);
    const values = c.values.map((own, i) => {
      if (own === 0n) return 0n;
      const [l, h] = [low[i]!, high[i]!];
      const a = floored(
        l >= 0n
          ? own << BigInt(bits)
          : h <= 0n
            ? own * slope
            : own > 0n
              ? floored(own * (alpha(k, i) ?? (h > -l ? ONE : floored(slope, bits - COEFFICIENT))), COEFFICIENT - bits)
              : (own * ((h << BigInt(bits)) - slope * l)) / (h - l),
        c.bits + bits - COEFFICIENT,
      );
      const [cc, aa] = [own << BigInt(wide - c.bits), a << BigInt(wide - COEFFICIENT)];
      const at = (x: bigint) => (x >= 0n ? ((cc - aa) * x) << BigInt(bits) : (cc * slope - (aa << BigInt(bits))) * x);
      const [p, q] = [at(l), at(h)];
      const least = p < q ? p : q;
      taken += l < 0n && h > 0n && least > 0n ? 0n : least;
      return a;
    });
    return { values, taken: constantOf(taken, wide + VALUE + bits) };
  }
}

const ONE = 1n << BigInt(COEFFICIENT);
const INEXACT = 100;

const absolute = (n: bigint): bigint => (n < 0n ? -n : n);
const larger = (a: bigint, b: bigint): bigint => (absolute(a) > absolute(b) ? absolute(a) : absolute(b));

function dot(a: readonly bigint[], b: readonly bigint[]): bigint {
  let sum = 0n;
  for (let i = 0; i < a.length; i++) if (a[i] !== 0n) sum += a[i]! * b[i]!;
  return sum;
}

const total = (from: readonly number[], ranges: readonly Range[], side: "low" | "high", i: number): bigint =>
  from.reduce((sum, s) => sum + ranges[s]![side][i]!, 0n);

function exactOf(v: Vertex): Exact {
  if (v.kind === "affine") return mapOf(v);
  if (v.kind === "sum") return { kind: "sum", v };
  if (v.kind === "input") return { kind: "input" };
  if (v.kind !== "rectifier") throw new Error(`no exact bounds of a ${v.kind}`);
  const { values, bits } = exactly([v.slope]);
  return { kind: "rectifier", v, slope: values[0]!, bits };
}

function mapOf(v: Affine): Map_ {
  const { map } = v;
  const { values, bits } = exactly(map.data);
  const rows = Array.from({ length: map.rows }, (_, i) => {
    const [from, to] = map.kind === "dense" ? [i * map.columns, (i + 1) * map.columns] : [map.starts[i]!, map.starts[i + 1]!];
    const places = Array.from({ length: to - from }, (_, p) => (map.kind === "dense" ? p : map.places[from + p]!));
    return { places, entries: values.slice(from, to) };
  });
  const packed = map.kind === "dense" ? new Packed(rows.map(({ entries }) => entries), map.columns) : null; // biome-ignore format: one line
  const inexact = 2 * v.inexact;
  const share = exactly([inexact]);
  return {
    kind: "affine",
    v,
    rows,
    bits,
    bias: v.bias ? exactly(v.bias) : null,
    packed,
    inexact: raised(share.values[0]!, share.bits - INEXACT),
  };
}

function encloseMap({ v, rows, bits, bias, inexact }: Map_, { low, high }: Range): Range {
  const out: Range = { low: new Array(v.size), high: new Array(v.size) };
  const off = inexact === 0n ? null : new Array<bigint>(v.size);
  for (let i = 0; i < v.size; i++) {
    const { places, entries } = rows[i]!;
    let [least, most, all] = [0n, 0n, 0n];
    for (let p = 0; p < places.length; p++) {
      const [w, j] = [entries[p]!, places[p]!];
      const [a, b] = [w * low[j]!, w * high[j]!];
      least += w > 0n ? a : b;
      most += w > 0n ? b : a;
      if (off) all += larger(a, b);
    }
    let [l, h] = [floored(least, bits), raised(most, bits)];
    if (bias) {
      l += floored(bias.values[i]!, bias.bits - VALUE);
      h += raised(bias.values[i]!, bias.bits - VALUE);
    }
    if (off) {
      const reach = raised(all, bits) + (bias ? raised(absolute(bias.values[i]!), bias.bits - VALUE) : 0n);
      off[i] = raised(reach * inexact, INEXACT);
      l -= off[i]!;
      h += off[i]!;
    }
    out.low[i] = l;
    out.high[i] = h;
  }
  return off ? { ...out, off } : out;
}

/** Σ_i a_i·(row i). */
function pulled(a: readonly bigint[], { packed, rows, v }: Map_): bigint[] {
  if (packed) return packed.times(a);
  const out = new Array<bigint>(v.map.columns).fill(0n);
  a.forEach((c, i) => {
    if (c === 0n) return;
    const { places, entries } = rows[i]!;
    for (let p = 0; p < places.length; p++) out[places[p]!]! += c * entries[p]!;
  });
  return out;
}

/** Add coefficients of a vertex to what is there, in the finer units of the two. */
function join(pending: Map<number, Scaled>, k: number, more: Scaled): void {
  const there = pending.get(k);
  if (!there) {
    pending.set(k, more);
    return;
  }
  const bits = Math.max(there.bits, more.bits);
  const [p, q] = [BigInt(bits - there.bits), BigInt(bits - more.bits)];
  pending.set(k, { values: there.values.map((c, i) => (c << p) + (more.values[i]! << q)), bits });
}

/** A box around rational ends, outward. */
export const boxAround = (low: readonly Parameters<typeof below>[0][], high: readonly Parameters<typeof above>[0][]): Range => ({
  low: low.map((r) => below(r, VALUE)),
  high: high.map((r) => above(r, VALUE)),
});
