/** Transformations: each draw against its own adjoint, finite differences, or somebody else's encoder. */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { brightness } from "../../src/attack/transform/brightness.ts";
import { compose, oneOf } from "../../src/attack/transform/compose.ts";
import { contrast } from "../../src/attack/transform/contrast.ts";
import { gaussianBlur } from "../../src/attack/transform/gaussian-blur.ts";
import { gaussianNoise } from "../../src/attack/transform/gaussian-noise.ts";
import { jpeg } from "../../src/attack/transform/jpeg.ts";
import { perspective } from "../../src/attack/transform/perspective.ts";
import { printAndPhoto } from "../../src/attack/transform/print-and-photo.ts";
import { rotation } from "../../src/attack/transform/rotation.ts";
import { scale } from "../../src/attack/transform/scale.ts";
import type { Draw, Transformation } from "../../src/attack/transform/transformation.ts";
import { translation } from "../../src/attack/transform/translation.ts";
import { fold, normal, seedKey, size, uniform } from "../../src/base/index.ts";

const key = seedKey(5);
const wide = [-1000, 1000] as const;
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);

const table: readonly Transformation[] = [
  brightness(),
  contrast(),
  gaussianBlur(),
  gaussianBlur(0),
  gaussianNoise(),
  rotation(),
  scale(),
  translation(),
  perspective(),
  compose(rotation(), gaussianBlur(), contrast()),
  compose(),
  oneOf(scale(), translation()),
  printAndPhoto(),
];
const shapes = [[9, 7], [1, 8, 8], [3, 6, 11], [10, 9, 3]] as const; // biome-ignore format: a table

describe.each(table.map((t) => [t.name, t] as const))("%s", (_, t) => {
  test.each(shapes.map((s) => [s]))("[%s]: ⟨A·v, w⟩ = ⟨v, Aᵀ·w⟩, A·v from two points of the affine map", (shape) => {
    const n = size(shape);
    const draw = t.draw(key, shape, wide);
    const [x, v, w] = [0, 1, 2].map((i) => normal(fold(key, i), n)) as [Float32Array, Float32Array, Float32Array];
    const y = draw.apply(x);
    expect(y.length).toBe(n);
    const moved = draw.apply(x.map((a, i) => a + v[i]!));
    const forth = dot(
      Array.from(moved, (a, i) => a - y[i]!),
      w,
    );
    // differences of float32 numbers of up to 1000, where the range is that wide
    expect(Math.abs(forth - dot(v, draw.pullBack(x, w)))).toBeLessThan(n * 1e-4);
  });

  test("is the same for the same key, leaves its input as it was, and stays in the range", () => {
    const x = uniform(key, 64);
    const before = x.slice();
    const draw = t.draw(key, [1, 8, 8], [0, 1]);
    const y = draw.apply(x);
    expect(t.draw(key, [1, 8, 8], [0, 1]).apply(x)).toEqual(y);
    draw.pullBack(x, y);
    expect(x).toEqual(before);
    for (const v of y) expect(v >= -1e-6 && v <= 1 + 1e-6).toBe(true);
  });

  test("where values are cut to the range, the gradient is that of finite differences", () => {
    const x = uniform(fold(key, "x"), 64);
    const w = normal(fold(key, "w"), 64);
    const draw = t.draw(key, [8, 8], [0, 1]);
    const g = draw.pullBack(x, w);
    const h = 1e-3;
    const at = (i: number, by: number) => {
      const z = x.slice();
      z[i] = z[i]! + by;
      return dot(draw.apply(z), w);
    };
    // kinks within h of a value are few
    const off = Array.from(x, (_, i) => Math.abs((at(i, h) - at(i, -h)) / (2 * h) - g[i]!)).filter((d) => d > 5e-3);
    expect(off.length).toBeLessThanOrEqual(3);
  });
});

describe("what they do", () => {
  const picture = Float32Array.from({ length: 81 }, (_, i) => (i === 3 * 9 + 4 ? 1 : 0)); // one pixel above the middle of 9×9
  const lit = (t: Transformation) => {
    const y = t.draw(key, [9, 9], [0, 1]).apply(picture);
    const at = y.indexOf(Math.max(...y));
    return [Math.floor(at / 9), at % 9, y[at]];
  };
  const close = (got: readonly (number | undefined)[], want: readonly number[]) => {
    for (const [i, v] of want.entries()) expect(got[i]).toBeCloseTo(v, 5);
  };

  test("geometry: a quarter turn to the left, a step to the right and down, twice as large", () => {
    close(lit(rotation(90)), [4, 3, 1]);
    close(lit(translation(1 / 9)), [4, 5, 1]);
    close(lit(scale(2)), [2, 4, 1]);
    close(lit(perspective(0)), [3, 4, 1]);
  });

  test("a picture turned about the vertical is larger where it comes nearer", () => {
    const bar = (row: number, column: number) => (row === 4 - 3 || row === 4 + 3 ? 1 : column * 0);
    const x = Float32Array.from({ length: 81 }, (_, i) => bar(Math.floor(i / 9), i % 9));
    const y = perspective(30, 1).draw(key, [9, 9], [0, 1]).apply(x);
    const top = (column: number) =>
      [0, 1, 2, 3].reduce((s, r) => s + r * y[9 * r + column]!, 0) / [0, 1, 2, 3].reduce((s, r) => s + y[9 * r + column]!, 0);
    expect(Math.abs(top(2) - top(6))).toBeGreaterThan(0.3);
  });

  test("brightness, contrast and noise in shares of the range", () => {
    const apply = (t: Transformation, range: readonly [number, number], ...v: number[]) =>
      [...t.draw(key, [v.length], range).apply(Float32Array.from(v))].map((u) => Math.round(u * 1e4) / 1e4);
    expect(apply(brightness(0.1), [0, 255], 100, 250)).toEqual([125.5, 255]);
    expect(apply(contrast(0.5), [-1, 1], 1, -0.5)).toEqual([0.5, -0.25]);
    const noisy = gaussianNoise(0.1).draw(key, [10_000], [0, 10]).apply(new Float32Array(10_000).fill(5));
    expect(Math.sqrt(noisy.reduce((s, v) => s + (v - 5) ** 2, 0) / 10_000)).toBeCloseTo(1, 1);
  });

  test("blur keeps the sum of what lies inside, and spreads by σ", () => {
    const y = gaussianBlur(1).draw(key, [9, 9], [0, 1]).apply(Float32Array.from({ length: 81 }, (_, i) => (i === 40 ? 1 : 0))); // biome-ignore format: one line
    expect(y.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    const variance = y.reduce((s, v, i) => s + v * (Math.floor(i / 9) - 4) ** 2, 0);
    expect(variance).toBeGreaterThan(0.9);
    expect(variance).toBeLessThan(1.01);
  });

  test("each of several is drawn about equally often", () => {
    const t = oneOf(brightness(0.2), brightness(0.4));
    const ups = Array.from({ length: 400 }, (_, i) => t.draw(fold(key, i), [1], [0, 1]).apply(new Float32Array(1))[0]!);
    const share = ups.filter((v) => v > 0.3).length / 400;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.08);
  });

  test("a flat sample has no geometry: refused by name", () => {
    expect(() => rotation().draw(key, [784], [0, 1])).toThrow(/pictures \[H, W\]/);
    expect(() => jpeg(0)).toThrow(/1 to 100/);
  });
});

/** A smooth picture with an edge, as 8-bit numbers. */
function scene(channels: 1 | 3, height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width * channels }, (_, i) => {
    const [p, c] = [Math.floor(i / channels), i % channels];
    const [y, x] = [Math.floor(p / width), p % width];
    return 127 + 60 * Math.sin(x / 5 + c) + 50 * Math.cos(y / 7 - c) + (x > width / 2 ? 15 : 0);
  });
}

describe("JPEG", () => {
  test.each([
    [1, 75, "4:2:0", 0.2],
    [1, 90, "4:2:0", 0.2],
    [1, 30, "4:2:0", 0.2],
    [3, 75, "4:4:4", 0.4],
    [3, 90, "4:4:4", 0.4],
    [3, 75, "4:2:0", 0.9],
    [3, 90, "4:2:0", 0.9],
  ] as const)(
    "%i channels, quality %i, %s: as libjpeg decodes it, within %d of 255 on average",
    async (channels, quality, colours, within) => {
      const [height, width] = [37, 45];
      const data = scene(channels, height, width);
      const file = await sharp(data, { raw: { width, height, channels } }).jpeg({ quality, chromaSubsampling: colours }).toBuffer();
      const theirs = await sharp(file)
        .toColourspace(channels === 1 ? "b-w" : "srgb")
        .raw()
        .toBuffer();
      // channels last for colour, as sharp has them
      const shape = channels === 1 ? [height, width] : [height, width, 3];
      const draw = jpeg(quality, colours).draw(key, shape, [0, 1]);
      const ours = draw.apply(Float32Array.from(data, (v) => v / 255));
      const mean = theirs.reduce((s, v, i) => s + Math.abs(v - 255 * ours[i]!), 0) / data.length;
      const lost = theirs.reduce((s, v, i) => s + Math.abs(v - data[i]!), 0) / data.length;
      expect(lost).toBeGreaterThan(0.2);
      expect(mean).toBeLessThan(within);
    },
  );

  test.each([
    [[16, 16], "4:2:0"],
    [[3, 16, 16], "4:4:4"],
    [[3, 15, 17], "4:2:0"],
  ] as const)("[%s] %s: at quality 100 the gradient is that of differences larger than the rounding", (shape, colours) => {
    const n = size(shape);
    const draw: Draw = jpeg(100, colours).draw(key, shape, [0, 1]);
    const x = uniform(fold(key, "x"), n, 0.3, 0.7);
    const v = normal(fold(key, "v"), n, 0, 0.05);
    const w = normal(fold(key, "w"), n);
    const [a, b] = [1, -1].map((sign) => draw.apply(x.map((u, i) => u + sign * v[i]!)));
    const forth = a!.reduce((s, u, i) => s + ((u - b![i]!) / 2) * w[i]!, 0);
    const back = dot(v, draw.pullBack(x, w));
    // rounding to 1/255: its sum over n numbers has a deviation of about √n/255/2
    expect(Math.abs(forth - back)).toBeLessThan(2.5 * (Math.sqrt(n) / 255));
  });

  test("a quality drawn between two, and a range that is not [0, 1]", () => {
    const x = Float32Array.from(scene(1, 16, 16), (v) => v / 127.5 - 1);
    const t = jpeg([20, 80]);
    const once = t.draw(fold(key, 0), [1, 16, 16], [-1, 1]).apply(x);
    const again = t.draw(fold(key, 1), [1, 16, 16], [-1, 1]).apply(x);
    expect(once).not.toEqual(again);
    expect(Math.max(...once.map((v, i) => Math.abs(v - x[i]!)))).toBeLessThan(0.4);
  });
});
