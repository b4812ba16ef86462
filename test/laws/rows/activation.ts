/** Functions of one number: piecewise linear, and smooth. */
import { draw, floats, type Row, w, x } from "../row.ts";

const d = draw("activation");
const s3 = d.shape(3);

/** Across the bend, far to both sides of it, and of any rank. */
const unary = (op: string, attrs: Row["attrs"] = {}, kinks: number[] = [], more: Partial<Row> = {}): Row[] => {
  const about = Object.keys(attrs).length > 0 ? JSON.stringify(attrs) : undefined;
  return [
    { op, attrs, about, inputs: [x(d.shape(d.int(2, 4)), -3, 3, { kinks })], ...more },
    { op, attrs, about: `${about ?? ""} far`, inputs: [x(s3, -30, 30, { kinks })], ...more },
    { op, attrs, about: `${about ?? ""} right`, inputs: [x(s3, 0.1, 4, { kinks })], ...more },
    { op, attrs, about: `${about ?? ""} left`, inputs: [x(s3, -4, -0.1, { kinks })], ...more },
  ];
};

export const activation: Row[] = [
  ...unary("Relu", {}, [0]),
  ...unary("LeakyRelu", {}, [0]),
  ...unary("LeakyRelu", { alpha: 0.3 }, [0]),
  ...unary("LeakyRelu", { alpha: -0.5 }, [0]),
  ...unary("LeakyRelu", { alpha: 1.5 }, [0]),
  ...[0.3, -0.5, 1.5].map(
    (slope): Row => ({ op: "PRelu", about: `slope ${slope}`, inputs: [x(s3, -3, 3, { kinks: [0] }), w([s3[2]!], slope, slope + 0.1)] }),
  ),
  { op: "PRelu", about: "one slope a channel", inputs: [x([2, 3, 2, 2], -3, 3, { kinks: [0] }), w([3, 1, 1], -1, 2)] },
  { op: "PRelu", about: "slopes of data", inputs: [x(s3, -3, 3, { kinks: [0] }), x(s3, -1, 2)] },
  ...unary("ThresholdedRelu", {}, [1]),
  ...unary("ThresholdedRelu", { alpha: 0.5 }, [0.5]),
  ...unary("ThresholdedRelu", { alpha: -0.5 }, [-0.5]),
  { op: "Clip", inputs: [x(s3, -3, 3, { kinks: [-1, 2] }), floats([-1], []), floats([2], [])] },
  { op: "Clip", about: "below", inputs: [x(s3, -3, 3, { kinks: [0.5] }), floats([0.5], [])] },
  { op: "Clip", about: "above", inputs: [x(s3, -3, 3, { kinks: [0.5] }), null, floats([0.5], [])] },
  { op: "Clip", about: "no ends", inputs: [x(s3)] },
  { op: "Clip", about: "ends that are weights", inputs: [x(s3, -3, 3, { distinct: true }), w([], -1, -0.5), w([], 0.5, 1)] },
  ...unary("Sigmoid"),
  ...unary("Tanh"),
  ...unary("Erf"),
  ...unary("Softsign", {}, [0]),
  ...unary("Softplus"),
  ...unary("HardSigmoid", {}, [-2.5, 2.5]),
  ...unary("HardSigmoid", { alpha: 0.5, beta: 0.25 }, [-0.5, 1.5]),
  ...unary("HardSigmoid", { alpha: -0.5, beta: 0.5 }, [-1, 1]),
  ...unary("HardSwish", {}, [-3, 3]),
  ...unary("Elu", {}, [0]),
  ...unary("Elu", { alpha: 0.5 }, [0]),
  ...unary("Elu", { alpha: 2 }, [0]),
  ...unary("Elu", { alpha: -1 }, [0]),
  ...unary("Celu", {}, [0]),
  ...unary("Celu", { alpha: 2 }, [0]),
  ...unary("Celu", { alpha: 0.5 }, [0]),
  ...unary("Selu", {}, [0]),
  ...unary("Selu", { alpha: 0.8, gamma: 1.2 }, [0]),
  ...unary("Gelu"),
  ...unary("Gelu", { approximate: "tanh" }),
  ...unary("Mish"),
];
