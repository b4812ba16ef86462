/** Points of the plane as a picture. */
import type { Pixels } from "../base/index.ts";

export interface ScatterOptions {
  /** Of both axes. */
  readonly range: readonly [number, number];
  /** Pixels a side; default 480. */
  readonly side?: number;
}

type Colour = readonly [number, number, number];
/** The data grey, what was generated blue over them: told apart by most eyes, and in print. */
const GREY: Colour = [176, 176, 176];
const BLUE: Colour = [0, 114, 178];
const WHITE = 255;
/** How much a dot covers what is under it. */
const COVER = 0.7;
const RADIUS = 1.5;

/** Real points [n, 2] in grey, generated ones [m, 2] in blue over them; what lies outside the range is not drawn. Up is up. */
export function scatter(real: ArrayLike<number>, fake: ArrayLike<number>, { range: [low, high], side = 480 }: ScatterOptions): Pixels {
  const canvas = new Float32Array(side * side * 3).fill(WHITE);
  const place = (v: number) => ((v - low) / (high - low)) * side;
  const reach = Math.ceil(RADIUS);
  const dots = (points: ArrayLike<number>, colour: Colour) => {
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [place(points[i]!), side - place(points[i + 1]!)];
      for (let py = Math.floor(y) - reach; py <= Math.floor(y) + reach; py++)
        for (let px = Math.floor(x) - reach; px <= Math.floor(x) + reach; px++) {
          if (px < 0 || py < 0 || px >= side || py >= side || Math.hypot(px + 0.5 - x, py + 0.5 - y) > RADIUS) continue;
          for (let c = 0; c < 3; c++) {
            const at = (py * side + px) * 3 + c;
            canvas[at] = (1 - COVER) * canvas[at]! + COVER * colour[c]!;
          }
        }
    }
  };
  dots(real, GREY);
  dots(fake, BLUE);
  return { width: side, height: side, channels: 3, data: Uint8Array.from(canvas, Math.round) };
}
