/** Products that are curves of one number: x·x, and x times a gate that opens with x. A plane over two numbers does not know that they are one. */

import type { Curve } from "./curve/index.ts";
import * as curves from "./curve/index.ts";
import { alike, type Chosen, type Reader, vertexOfChosen } from "./maps.ts";

/** a·b, element by element. */
export function productOf(r: Reader, a: Chosen, b: Chosen): number {
  const curveOf = (from: number, curve: Curve): number => r.add({ kind: "curve", size: r.vertex(from).size, from, curve });
  if (alike(a, b)) return curveOf(vertexOfChosen(r, a), curves.square);
  const [x, y] = [vertexOfChosen(r, a), vertexOfChosen(r, b)];
  for (const [gated, gate] of [
    [x, y],
    [y, x],
  ] as const) {
    const found = gateOf(r, gated, gate);
    if (found) return curveOf(found.from, found.curve);
  }
  return r.add({ kind: "product", size: a.places.length, from: [x, y] });
}

/** scale·root + shift, the same for all elements; the scale may be wrong by a share of `inexact`. */
interface Stretched {
  readonly root: number;
  readonly scale: number;
  readonly shift: number;
  readonly inexact: number;
}

const same = (values: Float64Array): number | null => (values.every((v) => v === values[0]) ? values[0]! : null);

/** What a vertex is: itself, and another one stretched. */
function readings(r: Reader, at: number): Stretched[] {
  const itself = { root: at, scale: 1, shift: 0, inexact: 0 };
  const v = r.vertex(at);
  if (v.kind !== "affine" || v.map.kind !== "sparse" || v.map.rows !== v.map.columns) return [itself];
  const { places, starts, data } = v.map;
  const [scale, shift] = [same(data), v.bias ? same(v.bias) : 0];
  const straight = places.length === v.size && places.every((p, i) => p === i) && starts.every((s, i) => s === i);
  return straight && scale && shift !== null ? [itself, { root: v.from, scale, shift, inexact: v.inexact }] : [itself];
}

/** Products of two such numbers are exact. */
const short = (v: number): boolean => Math.fround(v) === v;

/** x·(b + a·erf(kx)) or x·σ(kx), where the two factors are that. */
function gateOf(r: Reader, gated: number, gate: number): { readonly from: number; readonly curve: Curve } | null {
  for (const outer of readings(r, gate)) {
    const v = r.vertex(outer.root);
    if (v.kind !== "curve") continue;
    for (const inner of readings(r, v.from))
      for (const base of readings(r, gated)) {
        if (inner.root !== base.root || inner.shift !== 0 || base.shift !== 0 || inner.inexact > 2 ** -52) continue;
        const { root: from, scale } = base;
        if (v.curve === curves.sigmoid && outer.root === gate && scale === 1 && inner.scale > 0)
          return { from, curve: curves.swish(inner.scale) };
        const exact = outer.inexact === 0 && base.inexact === 0 && [outer.scale, outer.shift, scale].every(short);
        if (v.curve === curves.erf && exact) return { from, curve: curves.erfGate(inner.scale, outer.scale * scale, outer.shift * scale) };
      }
  }
  return null;
}
