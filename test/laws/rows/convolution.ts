/** Convolutions and their transposes: strides, pads, dilations, groups, and rank 1 to 3. */
import type { Attrs } from "../../../src/graph/index.ts";
import { draw, type Row, w, x } from "../row.ts";

const d = draw("convolution");

interface Shape {
  readonly n?: number;
  readonly c: number;
  readonly m: number;
  readonly size: readonly number[];
  readonly kernel: readonly number[];
  readonly group?: number;
  readonly bias?: boolean;
}

const describe = ({ c, m, size, kernel, group = 1 }: Shape, attrs: Attrs) =>
  `${c}→${m} ${size.join("×")} by ${kernel.join("×")} /${group} ${JSON.stringify(attrs)}`;

const conv = (shape: Shape, attrs: Attrs = {}): Row => {
  const { n = 2, c, m, size, kernel, group = 1, bias = true } = shape;
  return {
    op: "Conv",
    about: describe(shape, attrs),
    attrs: { ...attrs, ...(group > 1 ? { group } : {}) },
    inputs: [x([n, c, ...size], -1, 1), w([m, c / group, ...kernel], -1, 1), ...(bias ? [w([m], -1, 1)] : [])],
  };
};

const transpose = (shape: Shape, attrs: Attrs = {}): Row => {
  const { n = 2, c, m, size, kernel, group = 1, bias = true } = shape;
  return {
    op: "ConvTranspose",
    about: describe(shape, attrs),
    attrs: { ...attrs, ...(group > 1 ? { group } : {}) },
    inputs: [x([n, c, ...size], -1, 1), w([c, m / group, ...kernel], -1, 1), ...(bias ? [w([m], -1, 1)] : [])],
  };
};

/** Anything that fits: geometry at random. */
const anyConv = (): Row => {
  const kernel = [d.int(1, 3), d.int(1, 3)];
  const group = d.pick([1, 1, 2]);
  const strides = d.pick([
    [1, 1],
    [2, 2],
    [3, 3],
    [1, 2],
    [2, 1],
  ]);
  const dilations = d.pick([
    [1, 1],
    [1, 1],
    [2, 1],
    [2, 2],
  ]);
  const pads = [d.int(0, 2), d.int(0, 2), d.int(0, 2), d.int(0, 2)];
  return conv(
    { c: group * d.int(1, 2), m: group * d.int(1, 2), size: [d.int(5, 7), d.int(5, 7)], kernel, group },
    { strides, dilations, pads },
  );
};

const anyTranspose = (): Row => {
  const kernel = [d.int(2, 3), d.int(2, 3)];
  const group = d.pick([1, 1, 2]);
  const strides = [d.int(1, 3), d.int(1, 3)];
  const dilations = d.pick([
    [1, 1],
    [1, 1],
    [2, 1],
    [2, 2],
  ]);
  const pads = [d.int(0, 1), d.int(0, 1), d.int(0, 1), d.int(0, 1)];
  // onnxruntime refuses as much output padding as stride
  const output_padding = strides.map((s) => d.int(0, s - 1));
  return transpose(
    { c: group * d.int(1, 2), m: group * d.int(1, 2), size: [d.int(2, 4), d.int(2, 4)], kernel, group },
    { strides, dilations, pads, output_padding },
  );
};

export const convolution: Row[] = [
  conv({ c: 2, m: 3, size: [5, 4], kernel: [3, 3] }),
  conv({ c: 2, m: 3, size: [5, 4], kernel: [3, 2], bias: false }, { pads: [1, 0, 1, 1] }),
  conv({ c: 1, m: 2, size: [6], kernel: [3] }, { pads: [1, 1] }),
  conv({ c: 2, m: 2, size: [7], kernel: [3] }, { strides: [2], pads: [1, 0] }),
  conv({ c: 2, m: 2, size: [3, 4, 3], kernel: [2, 2, 2] }, { strides: [1, 2, 1], pads: [0, 1, 0, 1, 0, 0] }),
  conv({ c: 3, m: 2, size: [4, 4], kernel: [1, 1] }),
  conv({ c: 2, m: 2, size: [6, 6], kernel: [1, 1] }, { strides: [2, 2] }),
  conv({ c: 2, m: 2, size: [6, 7], kernel: [3, 3] }, { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv({ c: 1, m: 2, size: [8, 8], kernel: [5, 5] }, { strides: [2, 2], pads: [2, 2, 2, 2] }),
  conv({ c: 2, m: 2, size: [7, 5], kernel: [2, 3] }, { strides: [3, 3] }),
  conv({ c: 1, m: 2, size: [7, 6], kernel: [4, 4] }, { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv({ c: 2, m: 2, size: [6, 5], kernel: [3, 2] }, { strides: [1, 2], pads: [1, 0, 0, 1] }),
  conv({ c: 1, m: 2, size: [6, 6], kernel: [2, 2] }, { dilations: [2, 3], pads: [1, 1, 1, 1] }),
  conv({ c: 2, m: 2, size: [7, 7], kernel: [3, 3] }, { dilations: [2, 2], strides: [2, 2], pads: [2, 2, 2, 2] }),
  conv({ c: 4, m: 4, size: [4, 4], kernel: [3, 3], group: 2 }, { pads: [1, 1, 1, 1] }),
  conv({ c: 3, m: 6, size: [4, 4], kernel: [2, 2], group: 3 }, { strides: [2, 2] }),
  conv({ c: 3, m: 3, size: [5, 5], kernel: [3, 3], group: 3, bias: false }, { pads: [1, 1, 1, 1], strides: [2, 2] }),
  // more padding than kernel: some windows see nothing
  conv({ c: 1, m: 1, size: [3, 3], kernel: [2, 2] }, { pads: [2, 2, 3, 2] }),
  // wide enough for rows of columns at once
  conv({ c: 16, m: 2, size: [4, 4], kernel: [3, 3], n: 1 }, { pads: [1, 1, 1, 1] }),
  conv({ c: 24, m: 2, size: [4, 5], kernel: [2, 2], n: 1 }, { dilations: [2, 1] }),
  ...["SAME_UPPER", "SAME_LOWER", "VALID"].flatMap((auto_pad) => [
    conv({ c: 1, m: 2, size: [5, 4], kernel: [2, 3] }, { auto_pad }),
    conv({ c: 2, m: 2, size: [6, 5], kernel: [3, 2] }, { auto_pad, strides: [2, 2] }),
  ]),
  conv({ c: 1, m: 2, size: [7, 6], kernel: [3, 2] }, { auto_pad: "SAME_UPPER", strides: [3, 1], kernel_shape: [3, 2] }),
  ...Array.from({ length: 12 }, anyConv),

  transpose({ c: 2, m: 3, size: [3, 4], kernel: [3, 3] }),
  transpose({ c: 2, m: 2, size: [3, 3], kernel: [4, 4], bias: false }, { strides: [2, 2], pads: [1, 1, 1, 1] }),
  transpose({ c: 2, m: 2, size: [3, 4], kernel: [3, 3] }, { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }),
  transpose({ c: 2, m: 1, size: [4], kernel: [3] }, { strides: [2], pads: [0, 1] }),
  transpose({ c: 1, m: 2, size: [2, 3, 2], kernel: [2, 2, 2] }, { strides: [2, 1, 2] }),
  transpose({ c: 4, m: 4, size: [3, 3], kernel: [2, 2], group: 2 }, { strides: [2, 2] }),
  transpose({ c: 3, m: 6, size: [3, 2], kernel: [3, 2], group: 3 }, { pads: [1, 0, 1, 1] }),
  transpose({ c: 1, m: 2, size: [3, 3], kernel: [2, 2] }, { dilations: [2, 2] }),
  transpose({ c: 2, m: 2, size: [3, 3], kernel: [2, 2] }, { strides: [3, 3], output_padding: [2, 1] }),
  transpose({ c: 1, m: 1, size: [3, 3], kernel: [1, 1] }, { strides: [2, 2] }),
  transpose({ c: 1, m: 2, size: [3, 4], kernel: [3, 3] }, { strides: [2, 2], output_shape: [6, 8] }),
  ...["SAME_UPPER", "SAME_LOWER"].map((auto_pad) => transpose({ c: 1, m: 2, size: [3, 4], kernel: [3, 3] }, { auto_pad, strides: [2, 2] })),
  transpose({ c: 1, m: 2, size: [3, 4], kernel: [3, 3] }, { auto_pad: "VALID", strides: [2, 2] }),
  ...Array.from({ length: 8 }, anyTranspose),
];
