/** Pictures show the numbers; pages need nothing from outside, and text in them stays text. */
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/base/index.ts";
import { card, html, image, imageGrid, page, shareChart, signedGrid, table } from "../../src/report/index.ts";

const shades = (values: number[]) => tensor(values, [values.length, 1, 1, 1]);

describe("grids", () => {
  test("three grey pixels, two a row, apart: black, grey, white, and white around", () => {
    const { width, height, channels, data } = imageGrid(shades([0, 0.5, 1]), { columns: 2, gap: 1 });
    expect([width, height, channels]).toEqual([3, 3, 1]);
    expect([...data]).toEqual([0, 255, 128, 255, 255, 255, 255, 255, 255]);
  });
  test("enlarged, and of another range", () => {
    const { width, height, data } = imageGrid(shades([-1, 1]), { columns: 2, gap: 0, scale: 2, range: [-1, 1] });
    expect([width, height]).toEqual([4, 2]);
    expect([...data]).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
  });
  test("colours are planes in and pixels out; values beyond the range are cut", () => {
    expect([...imageGrid(tensor([1, 0, 0, 1, -3, 7], [1, 3, 1, 2])).data]).toEqual([255, 0, 0, 0, 255, 255]);
  });
  test("signs: blue, white, red", () => {
    const { channels, data } = signedGrid(shades([-0.1, 0, 0.1]), 0.1, { columns: 3, gap: 0 });
    expect(channels).toBe(3);
    expect([...data.subarray(3, 6)]).toEqual([255, 255, 255]);
    expect(data[2]!).toBeGreaterThan(data[0]!);
    expect(data[6]!).toBeGreaterThan(data[8]!);
  });
  test("what is no image is refused", () => expect(() => imageGrid(tensor([1, 2], [1, 2]))).toThrow(/images \[N, 1 or 3, H, W\]/));
});

describe("charts", () => {
  const svg = shareChart({
    title: "a < b",
    x: "ε",
    y: "share",
    series: [
      { name: "one", colour: "#000", points: [[0, 1], [0.5, 0.5], [1, 0]] },
      { name: "two", colour: "#111", points: [[0, 1], [1, 0.02]] },
    ],
  }); // biome-ignore format: a table
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  test("points lie where their numbers say", () => {
    expect(circles.length).toBe(5);
    const [a, b, c] = circles as [readonly [number, number], readonly [number, number], readonly [number, number]];
    expect(b[0]).toBeCloseTo((a[0] + c[0]) / 2, 0);
    expect(b[1]).toBeCloseTo((a[1] + c[1]) / 2, 0);
    expect(a[1]).toBeLessThan(c[1]);
  });
  test("names of lines that end at the same height do not overlap", () => {
    const heights = [...svg.matchAll(/y="([\d.]+)" style="fill/g)].map(([, y]) => Number(y)).sort((p, q) => p - q);
    expect(heights[1]! - heights[0]!).toBeGreaterThanOrEqual(15);
  });
  test("text is escaped", () => expect(svg).toContain("a &lt; b"));
});

describe("pages", () => {
  const hostile = `<script>alert("1")</script>`;
  const text = page(
    hostile,
    html`<p>${hostile}</p>${image(Uint8Array.of(137, 80), hostile)}${table([hostile], [[hostile]])}${card(hostile, "x")}`,
  );
  test("what was text is no markup", () => expect(text).not.toContain("<script"));
  test("nothing is fetched", () => expect(text).not.toMatch(/(src|href)="(?!data:)|url\(|@import/));
  test("pictures are inside", () => expect(text).toContain('src="data:image/png;base64,iVA="'));
});
