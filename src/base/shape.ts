import { fail } from "./fail.ts";

export type Shape = readonly number[];

export const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** Row-major strides, in elements. */
export function strides(shape: Shape): number[] {
  const s = new Array<number>(shape.length);
  for (let i = shape.length - 1, n = 1; i >= 0; n *= shape[i]!, i--) s[i] = n;
  return s;
}

/** ONNX multidirectional broadcasting (the numpy rule). */
export function broadcast(...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    let out = 1;
    for (const s of shapes) {
      const d = s[i - rank + s.length] ?? 1;
      if (d === out || d === 1) continue;
      if (out !== 1)
        fail({
          code: "shape-broadcast",
          expected: "shapes that broadcast together",
          got: shapes.map((x) => `[${x}]`).join(" and "),
          mend: `make axis ${i - rank} equal, or 1, in all of them`,
        });
      out = d;
    }
    return out;
  });
}

/** Axis in [0, rank) from one in [-rank, rank). */
export function axisOf(axis: number, rank: number): number {
  if (axis < -rank || axis >= Math.max(rank, 1))
    fail({ code: "axis-range", expected: `an axis in [${-rank}, ${rank})`, got: `${axis}`, mend: "check the rank of the input" });
  return axis < 0 ? axis + rank : axis;
}
