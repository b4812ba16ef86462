/** Values and slopes of a network at a point, in float64: what falsification climbs. */

import { pulled } from "../net/linear.ts";
import { type Network, sourcesOf } from "../net/network.ts";

/**
 * ∂(row of the last vertex)/∂x. With `leak` > 0 rectifiers that are off pass that share back: where whole regions are off the true slope is 0 and says nothing.
 */
export function slopeOf(network: Network, values: readonly Float64Array[], row: number, leak: number): Float64Array {
  const { vertices } = network;
  const back: (Float64Array | null)[] = vertices.map(() => null);
  const top = new Float64Array(vertices.at(-1)!.size);
  top[row] = 1;
  back[vertices.length - 1] = top;
  for (let k = vertices.length - 1; k > 0; k--) {
    const g = back[k];
    if (!g) continue;
    const v = vertices[k]!;
    for (const [side, s] of sourcesOf(v).entries()) {
      back[s] ??= new Float64Array(vertices[s]!.size);
      const out = back[s]!;
      if (v.kind === "affine") pulled(g, 1, v.map, out);
      else if (v.kind === "rectifier")
        for (let i = 0; i < g.length; i++) out[i]! += g[i]! * (values[s]![i]! > 0 ? 1 : Math.max(v.slope, leak));
      else if (v.kind === "curve") for (let i = 0; i < g.length; i++) out[i]! += g[i]! * v.curve.slope(values[s]![i]!);
      else if (v.kind === "product") for (let i = 0; i < g.length; i++) out[i]! += g[i]! * values[v.from[side === 0 ? 1 : 0]]![i]!;
      else for (let i = 0; i < g.length; i++) out[i]! += g[i]!;
    }
  }
  return back[0] ?? new Float64Array(vertices[0]!.size);
}
