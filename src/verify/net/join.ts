/** What is left of a network once it is read: only what the output needs, and affine vertices that follow one another as one. */
import type { Linear, Sparse } from "./linear.ts";
import { type Affine, moved, sourcesOf, type Vertex } from "./network.ts";
import { GENEROUS, UNIT } from "./unit.ts";

/** Of which network bounds speak: of exact arithmetic, or of what a float32 machine computes. */
export type Semantics = "real" | "float32";

/** Only what `last` needs, in the same order; `last` becomes the last. */
export function kept(vertices: readonly Vertex[], last: number): Vertex[] {
  const needed = new Set([0, last]);
  for (let k = last; k > 0; k--) if (needed.has(k)) for (const s of sourcesOf(vertices[k]!)) needed.add(s);
  const now = new Map<number, number>();
  const out: Vertex[] = [];
  for (let k = 0; k <= last; k++) {
    if (!needed.has(k)) continue;
    now.set(k, out.length);
    out.push(renumbered(vertices[k]!, now));
  }
  return out;
}

const renumbered = (v: Vertex, now: ReadonlyMap<number, number>): Vertex => moved(v, (s) => now.get(s)!);

/** Join each affine vertex with the one it alone feeds from, where that is one element by one: a normalisation after a convolution. */
export function joined(vertices: readonly Vertex[], semantics: Semantics): Vertex[] {
  const users = vertices.map(() => 0);
  for (const v of vertices) for (const s of sourcesOf(v)) users[s]!++;
  const now = new Map<number, number>();
  const out: Vertex[] = [];
  vertices.forEach((v, k) => {
    const before = v.kind === "affine" ? vertices[v.from]! : null;
    const alone = v.kind === "affine" && before?.kind === "affine" && users[v.from] === 1;
    const one = alone ? both(out[now.get(v.from)!] as Affine, v, semantics) : null;
    if (one) {
      out[now.get((v as Affine).from)!] = one;
      now.set(k, now.get((v as Affine).from)!);
    } else {
      now.set(k, out.length);
      out.push(renumbered(v, now));
    }
  });
  return out;
}

const isDiagonal = (map: Linear): map is Sparse =>
  map.kind === "sparse" && map.rows === map.columns && map.places.length === map.rows && map.places.every((p, i) => p === i);

/** s·(M·x + b) + t; null where that is not one element by one. */
function both(first: Affine, second: Affine, semantics: Semantics): Affine | null {
  if (!isDiagonal(second.map)) return null;
  const s = second.map.data;
  const isShift = s.every((v) => v === 1);
  const inexact = Math.max(first.inexact, second.inexact);
  if (first.bias === null && isShift)
    return { ...first, bias: second.bias, ...(second.biasReach && { biasReach: second.biasReach }), inexact };
  // a machine rounds twice where this is one operation
  if (semantics === "float32") return null;
  const map = scaled(first.map, s);
  const bias = first.bias || second.bias ? new Float64Array(first.size) : null;
  const biasReach = bias?.slice();
  if (bias)
    for (let i = 0; i < bias.length; i++) {
      const [a, b] = [first.bias?.[i] ?? 0, second.bias?.[i] ?? 0];
      bias[i] = product(s[i]!, a) + b;
      biasReach![i] = Math.abs(s[i]!) * (first.biasReach?.[i] ?? Math.abs(a)) + (second.biasReach?.[i] ?? Math.abs(b));
    }
  if (map === null || bias?.some(Number.isNaN)) return null;
  return {
    ...first,
    map,
    bias,
    ...(biasReach && { biasReach }),
    inexact: (first.inexact + second.inexact + 4 * UNIT) * GENEROUS,
  };
}

/** Products beyond these are not only rounded: they overflow, or are 0 though no factor is. */
const [SMALLEST, LARGEST] = [2 ** -960, 2 ** 960];

/** NaN where it is more than rounded. */
function product(a: number, b: number): number {
  const c = a * b;
  const size = Math.abs(c);
  return (size > SMALLEST && size < LARGEST) || a === 0 || b === 0 ? c : Number.NaN;
}

function scaled(map: Linear, s: Float64Array): Linear | null {
  const data = map.data.slice();
  for (let i = 0; i < map.rows; i++) {
    const [from, to] = map.kind === "dense" ? [i * map.columns, (i + 1) * map.columns] : [map.starts[i]!, map.starts[i + 1]!];
    for (let p = from; p < to; p++) {
      data[p] = product(data[p]!, s[i]!);
      if (Number.isNaN(data[p])) return null;
    }
  }
  return { ...map, data };
}
