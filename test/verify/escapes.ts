/** Whether bounds hold: of random networks, over random boxes, at many points. */
import { fold, seedKey, uniform } from "../../src/base/index.ts";
import { type Ascent, ascend } from "../../src/verify/bound/ascent.ts";
import { Backward } from "../../src/verify/bound/backward.ts";
import type { Enclosure } from "../../src/verify/bound/enclosure.ts";
import { placesOf } from "../../src/verify/bound/multipliers.ts";
import { type Relaxation, relaxation } from "../../src/verify/bound/relaxation.ts";
import { Tightener } from "../../src/verify/bound/tighten.ts";
import { evaluate, type Network } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";
import { cornerStart, descend } from "../../src/verify/search/falsify.ts";
import { goalOf } from "../../src/verify/search/goal.ts";
import { type Kind, randomGraph } from "./network.ts";

export const networkFor = (kind: Kind, seed: number): Network => {
  const net = networkOf(randomGraph(kind, seed));
  if ("unread" in net) throw new Error(net.unread);
  return net;
};

/** A box of random centre and width. */
export function boxFor(n: number, seed: number) {
  const centre = uniform(seedKey(1000 + seed), n, -1, 1);
  const width = uniform(seedKey(2000 + seed), n, 0, [0.05, 0.4, 1.5][seed % 3]!);
  return {
    low: Float64Array.from(centre, (c, j) => c - width[j]!),
    high: Float64Array.from(centre, (c, j) => c + width[j]!),
  };
}

/** How often, at corners and within, and where descent along a row has led, a value lies outside its enclosure, or a row below its bound. */
export async function escaped(
  net: Network,
  seed: number,
  bend: (all: Enclosure) => Enclosure = (all) => all,
  ascent?: Ascent,
  descents = 0,
): Promise<{ values: number; rows: number }> {
  const n = net.vertices[0]!.size;
  const m = net.vertices.at(-1)!.size;
  const { low, high } = boxFor(n, seed);
  const back = new Backward(net);
  const found = await new Tightener(back).enclose(low, high, { ascent });
  // the box holds points: rows that leave nothing of it are false
  if (!found) return { values: 0, rows: 1 };
  const all = bend(found.enclosure);
  const lines = relaxation(net, all);
  const rows = Float64Array.from(uniform(seedKey(seed), 5 * m, -1, 1));
  const { least, coefficients, constant } = ascent
    ? await ascended(back, rows, 5, lines, ascent)
    : await back.bound(net.vertices.length - 1, rows, 5, lines);
  const count = { values: 0, rows: 0 };
  const starts = Array.from({ length: 300 }, (_, s) => cornerStart({ low, high }, fold(seedKey(seed), s)));
  const led = starts.slice(0, descents).map((start, s) => {
    const row = Array.from(rows.subarray((s % 5) * m, ((s % 5) + 1) * m), (v, i) => [i, v] as const);
    return descend(goalOf(net, [[{ outputs: row, inputs: [], bound: -1e9 }]]), { low, high }, start, 30, s % 2 === 0 ? 0 : 0.1).x;
  });
  for (const x of [...starts, ...led]) {
    const values = evaluate(net, x);
    values.forEach((v, k) => {
      for (let i = 0; i < v.length; i++) if (!(v[i]! >= all.low[k]![i]! - 1e-12 && v[i]! <= all.high[k]![i]! + 1e-12)) count.values++;
    });
    const y = values.at(-1)!;
    for (let r = 0; r < 5; r++) {
      let value = 0;
      for (let i = 0; i < m; i++) value += rows[r * m + i]! * y[i]!;
      let line = constant[r]!;
      for (let j = 0; j < n; j++) line += coefficients[r * n + j]! * x[j]!;
      if (!(value >= least[r]! - 1e-12 && value >= line - 1e-12)) count.rows++;
    }
  }
  return count;
}

/** The best bounds that ascent finds, and the linear bounds of its last step. */
async function ascended(back: Backward, rows: Float64Array, count: number, lines: Relaxation, ascent: Ascent) {
  const at = back.network.vertices.length - 1;
  const places = placesOf(back.network, lines, at);
  const start = new Float64Array(count * places.count);
  const { least, last } = await ascend(back, at, rows, new Array<Relaxation>(count).fill(lines), places, start, [], [], ascent);
  return { ...last, least };
}

export const escapes = async (net: Network, seed: number, bend?: (all: Enclosure) => Enclosure, ascent?: Ascent): Promise<number> => {
  const { values, rows } = await escaped(net, seed, bend, ascent);
  return values + rows;
};
