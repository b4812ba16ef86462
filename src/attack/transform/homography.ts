/**
 * Maps of the plane as 3×3 matrices, row by row, on (x, y, 1): x to the right, y down, from the picture's middle. A picture is moved by
 * reading each pixel of the result from where the inverse map says.
 */
import type { Key } from "../../base/index.ts";
import { type Planes, planesOf } from "./planes.ts";
import { type Places, sampled } from "./sampling.ts";
import type { Transformation } from "./transformation.ts";

export type Matrix = readonly number[];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Counterclockwise. */
export function turned(degrees: number): Matrix {
  const [c, s] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  return [c, s, 0, -s, c, 0, 0, 0, 1];
}

export const scaled = (factor: number): Matrix => [factor, 0, 0, 0, factor, 0, 0, 0, 1];

/** By pixels. */
export const shifted = (right: number, down: number): Matrix => [1, 0, right, 0, 1, down, 0, 0, 1];

/**
 * A flat picture turned out of the plane, seen by a camera before its middle: (X, Y, Z) = R(x, y, 0), then f·(X, Y)/(f + Z).
 * @param distance f, in pixels
 */
export function tilted(aboutVertical: number, aboutHorizontal: number, distance: number): Matrix {
  const [cv, sv] = [Math.cos(radians(aboutVertical)), Math.sin(radians(aboutVertical))];
  const [ch, sh] = [Math.cos(radians(aboutHorizontal)), Math.sin(radians(aboutHorizontal))];
  // R = R_horizontal·R_vertical: X = cv·x, Y = sh·sv·x + ch·y, Z = −ch·sv·x + sh·y
  return [distance * cv, 0, 0, distance * sh * sv, distance * ch, 0, -ch * sv, sh, distance];
}

/** First `b`, then `a`. */
export const after = (a: Matrix, b: Matrix): Matrix =>
  Array.from({ length: 9 }, (_, k) => [0, 1, 2].reduce((sum, j) => sum + a[3 * Math.floor(k / 3) + j]! * b[3 * j + (k % 3)]!, 0));

/** Up to a factor, which a map of (x, y, 1) does not see: the adjugate. */
export const inverse = ([a, b, c, d, e, f, g, h, i]: Matrix): Matrix =>
  [
    [e! * i! - f! * h!, c! * h! - b! * i!, b! * f! - c! * e!],
    [f! * g! - d! * i!, a! * i! - c! * g!, c! * d! - a! * f!],
    [d! * h! - e! * g!, b! * g! - a! * h!, a! * e! - b! * d!],
  ].flat();

/** Where each pixel of `to` is read from by `map`, which takes the middle of `to` to `middle` of the source: (row, column), from 0. */
export function places(map: Matrix, to: Pick<Planes, "height" | "width">, middle: readonly [row: number, column: number]): Places {
  const n = to.height * to.width;
  const out = { rows: new Float64Array(n), columns: new Float64Array(n) };
  for (let p = 0; p < n; p++) {
    const x = (p % to.width) - (to.width - 1) / 2;
    const y = Math.floor(p / to.width) - (to.height - 1) / 2;
    const w = map[6]! * x + map[7]! * y + map[8]!;
    out.columns[p] = (map[0]! * x + map[1]! * y + map[2]!) / w + middle[1];
    out.rows[p] = (map[3]! * x + map[4]! * y + map[5]!) / w + middle[0];
  }
  return out;
}

/** A picture moved by `map`; what comes in from outside is black: `fill`. */
export const moved = (map: Matrix, planes: Planes, fill: number) =>
  sampled(planes, planes, places(inverse(map), planes, [(planes.height - 1) / 2, (planes.width - 1) / 2]), fill);

/** A transformation that is a map of the plane, drawn for each picture. */
export const planar = (name: string, mapOf: (key: Key, planes: Planes) => Matrix): Transformation => ({
  name,
  draw(key, shape, [low]) {
    const planes = planesOf(shape);
    return moved(mapOf(key, planes), planes, low);
  },
});
