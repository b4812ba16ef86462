/** What is to be refuted: rows over a network's output and input, none of which may all be ≤ 0 within one disjunct. */
import type { Ball } from "../bound/concretize.ts";
import { dense } from "../net/linear.ts";
import type { Network, Vertex } from "../net/network.ts";

/** Σ outputs·y + Σ inputs·x − bound, to be ≤ 0. Numbers are float64 within half a unit of what was written. */
export interface GoalRow {
  readonly outputs: readonly (readonly [index: number, value: number])[];
  readonly inputs: readonly (readonly [index: number, value: number])[];
  readonly bound: number;
}

/** A network whose last vertex is the rows, and which rows make a counterexample together. */
export interface Goal {
  readonly network: Network;
  readonly rows: number;
  readonly disjuncts: readonly (readonly number[])[];
  /** Inputs lie in this ball as well as in the box. */
  readonly ball?: Ball;
}

/** Put the rows of `disjuncts` behind `network`; equal rows are one. */
export function goalOf(network: Network, disjuncts: readonly (readonly GoalRow[])[], ball?: Ball): Goal {
  const known = new Map<string, number>();
  const rows: GoalRow[] = [];
  const numbered = disjuncts.map((d) =>
    d.map((row) => {
      const name = JSON.stringify(row);
      const at = known.get(name) ?? rows.push(row) - 1;
      known.set(name, at);
      return at;
    }),
  );
  const vertices: Vertex[] = [...network.vertices];
  const [inputs, outputs] = [vertices[0]!.size, vertices.at(-1)!.size];
  const matrix = (columns: number, of: (r: GoalRow) => GoalRow["outputs"]) => {
    const data = new Float64Array(rows.length * columns);
    rows.forEach((row, i) => {
      for (const [j, v] of of(row)) data[i * columns + j]! += v;
    });
    return dense(rows.length, columns, data);
  };
  const written = 2 ** -53;
  const bias = Float64Array.from(rows, (r) => -r.bound);
  const last =
    vertices.push({
      kind: "affine",
      size: rows.length,
      from: vertices.length - 1,
      map: matrix(outputs, (r) => r.outputs),
      bias,
      inexact: written,
    }) - 1;
  if (rows.some((r) => r.inputs.length > 0)) {
    const own =
      vertices.push({ kind: "affine", size: rows.length, from: 0, map: matrix(inputs, (r) => r.inputs), bias: null, inexact: written }) - 1;
    vertices.push({ kind: "sum", size: rows.length, from: [last, own] });
  }
  return { network: { vertices }, rows: rows.length, disjuncts: numbered, ...(ball && { ball }) };
}

/** Points this near in float64 are worth asking the file about: it computes in float32. */
export const NEAR = 1e-5;

/** How far a point is from being a counterexample: ≤ 0 where it is one, by the values of the rows. */
export function distanceOf({ disjuncts }: Goal, rows: ArrayLike<number>): { distance: number; disjunct: number; row: number } {
  let best = { distance: Number.POSITIVE_INFINITY, disjunct: 0, row: 0 };
  disjuncts.forEach((d, k) => {
    let [worst, at] = [Number.NEGATIVE_INFINITY, d[0] ?? 0];
    for (const r of d)
      if (!(rows[r]! <= worst)) {
        worst = rows[r]!;
        at = r;
      }
    if (worst < best.distance) best = { distance: worst, disjunct: k, row: at };
  });
  return best;
}
