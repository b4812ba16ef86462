/** Every half is a float32 and comes back; between two halves the nearest is taken, and the even one of equals. */
import { expect, test } from "vitest";
import { floatsOfBrains, floatsOfHalves, fromFloat16, halvesOfFloats, toFloat16 } from "../../src/base/index.ts";

const isNaNPattern = (h: number) => (h & 0x7c00) === 0x7c00 && (h & 1023) !== 0;

test("all 65,536 patterns come back", () => {
  for (let h = 0; h < 65536; h++) {
    const x = fromFloat16(h);
    if (isNaNPattern(h)) expect(x).toBeNaN();
    else if (toFloat16(x) !== h) expect.fail(`${h} is ${x}, which is ${toFloat16(x)}`);
  }
});

test("what lies between goes to the nearest, ties to even", () => {
  for (let h = 0; h < 0x7bff; h++) {
    const [low, high] = [fromFloat16(h), fromFloat16(h + 1)];
    const middle = (low + high) / 2;
    const near = (high - low) / 64;
    if (toFloat16(middle - near) !== h || toFloat16(middle + near) !== h + 1) expect.fail(`around ${middle}`);
    if (toFloat16(middle) !== (h % 2 === 0 ? h : h + 1)) expect.fail(`the tie ${middle} became ${toFloat16(middle)}`);
    if (toFloat16(-middle) !== (toFloat16(middle) | 0x8000)) expect.fail(`the tie ${-middle}`);
  }
});

// IEEE 754-2019, table 3.5: largest 65504, least normal 2⁻¹⁴, least 2⁻²⁴
test.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [1e30, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
  [2 ** -14, 0x0400],
  [2 ** -24, 1],
  [2 ** -25, 0],
  [2 ** -25 * 1.01, 1],
  [1e-30, 0],
  [-0, 0x8000],
  [0.1, 0x2e66],
])("%f is %i", (x, h) => expect(toFloat16(x)).toBe(h));

test("arrays", () => {
  expect(floatsOfHalves(halvesOfFloats([0.5, -3, 65504]))).toEqual(Float32Array.of(0.5, -3, 65504));
  expect(floatsOfBrains(Uint16Array.of(0x3f80, 0xc000, 0x7f80))).toEqual(Float32Array.of(1, -2, Number.POSITIVE_INFINITY));
});
