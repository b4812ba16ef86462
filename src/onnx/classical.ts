/** The domain ai.onnx.ml, as scikit-learn's exporter writes it, said in ONNX's own operators. Trees and kernels have no place here. */
import { fail, onnxType, tensor } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import type { Rule } from "./upgrade.ts";

const floats = (attrs: Attrs, name: string): readonly number[] => (attrs[name] as readonly number[] | undefined) ?? [];
const words = (attrs: Attrs, name: string): string => (attrs[name] as string | undefined) ?? "NONE";

/** Any numbers as float32: what this domain computes in. */
const float = (e: Emit, x: Value): Value => (x.type.dtype === "float32" ? x : e.Cast(x, { to: onnxType.float32 }));
/** [N, C], of one sample too. */
const table = (e: Emit, x: Value): Value => (x.type.shape.length === 1 ? e.Unsqueeze(x, e.ints([0])) : x);
const row = (e: Emit, xs: readonly number[]): Value => e.constant(tensor(xs, xs.length === 1 ? [] : [xs.length]));

function transformed(e: Emit, scores: Value, attrs: Attrs): Value {
  const how = words(attrs, "post_transform");
  if (how === "NONE") return scores;
  if (how === "LOGISTIC") return e.Sigmoid(scores);
  if (how === "SOFTMAX") return e.node("Softmax", [scores], { axis: -1 })[0]!;
  return fail({
    code: "operator-attribute",
    expected: "post_transform NONE, LOGISTIC or SOFTMAX",
    got: how,
    mend: "export the scores before it (skl2onnx: options={'raw_scores': True})",
  });
}

/** x·Wᵀ + b, `count` rows of W. */
function linear(e: Emit, x: Value, attrs: Attrs, count: number): Value {
  const w = floats(attrs, "coefficients");
  const b = floats(attrs, "intercepts");
  const inputs = [
    table(e, float(e, x)),
    e.constant(tensor(w, [count, w.length / count])),
    b.length > 0 ? e.constant(tensor(b, [count])) : null,
  ];
  return e.node("Gemm", inputs, { transB: 1 })[0]!;
}

/** The label of the largest score. Text labels are numbered in their order. */
function label(e: Emit, scores: Value, attrs: Attrs): Value {
  const [best] = e.node("ArgMax", [scores], { axis: 1, keepdims: 0 });
  const ints = attrs.classlabels_ints as readonly number[] | undefined;
  const plain = !ints || ints.length === 0 || ints.every((v, i) => v === i);
  return plain ? best! : e.Gather(e.ints(ints), best!, { axis: 0 });
}

/** Two rows that say the same thing, one of each class: −w and w. */
const opposite = (xs: readonly number[]): boolean => xs.every((v, i) => v === -xs[(i + xs.length / 2) % xs.length]!);

const linearClassifier: Rule = (e, { inputs: [x], attrs }) => {
  const classes = Math.max(floats(attrs, "classlabels_ints").length, floats(attrs, "classlabels_strings").length);
  const rows = floats(attrs, "intercepts").length || classes;
  const all = linear(e, x!, attrs, rows);
  const logistic = words(attrs, "post_transform") === "LOGISTIC";
  const two = classes === 2 && (rows === 1 || (opposite(floats(attrs, "coefficients")) && opposite(floats(attrs, "intercepts"))));
  if (rows === 1 && !(two && logistic))
    fail({
      code: "operator-attribute",
      expected: "one row of coefficients a class, or the logit of the second of two classes",
      got: `one for ${classes} classes, with post_transform ${words(attrs, "post_transform")}`,
      mend: "export the classifier again with a current skl2onnx",
    });
  if (!(two && logistic)) return [label(e, all, attrs), transformed(e, all, attrs)];
  // one logit z: σ(−z) is 1 − σ(z), and says so
  const z = rows === 1 ? all : e.Slice(all, e.ints([1]), e.ints([2]), e.ints([1]), e.ints([1]));
  const second = e.Sigmoid(z);
  return [label(e, e.Concat(e.Neg(z), z, { axis: 1 }), attrs), e.Concat(e.Sub(e.scalar(1, second), second), second, { axis: 1 })];
};

const normalizer: Rule = (e, { inputs: [x], attrs }) => {
  const v = float(e, x!);
  const norm = words(attrs, "norm");
  const reduce = { L1: "ReduceL1", L2: "ReduceL2", MAX: "ReduceMax" }[norm === "NONE" ? "MAX" : norm] ?? "ReduceMax";
  const [size] = e.node(reduce, [v, e.ints([-1])], { keepdims: 1 });
  // of nothing but zeros there is nothing to divide
  const one = e.scalar(1, v);
  return [e.Div(v, e.Where(e.Equal(size!, e.scalar(0, v)), one, size!))];
};

const imputer: Rule = (e, { inputs: [x], attrs }) => {
  const whole = floats(attrs, "imputed_value_int64s");
  const missing = (attrs.replaced_value_float as number | undefined) ?? 0;
  if (whole.length > 0) {
    const target = e.scalar((attrs.replaced_value_int64 as number | undefined) ?? 0, "int64");
    return [e.Where(e.Equal(x!, target), e.constant(tensor(whole, [whole.length], "int64")), x!)];
  }
  const v = float(e, x!);
  const [lost] = Number.isNaN(missing) ? e.node("IsNaN", [v]) : [e.Equal(v, e.scalar(missing, v))];
  return [e.Where(lost!, row(e, floats(attrs, "imputed_value_floats")), v)];
};

const oneHotEncoder: Rule = (e, { inputs: [x], attrs }) => {
  const kinds = floats(attrs, "cats_int64s");
  if (kinds.length === 0 || attrs.zeros === 0)
    fail({
      code: "operator-attribute",
      expected: "OneHotEncoder of whole numbers that gives zeros for others",
      got: kinds.length === 0 ? "one of words" : "zeros = 0",
      mend: "begin the exported pipeline after it, at the numbers that the classifier sees",
    });
  const whole = x!.type.dtype === "int64" ? x! : e.Cast(x!, { to: onnxType.int64 });
  return [float(e, e.Equal(e.Unsqueeze(whole, e.ints([-1])), e.constant(tensor(kinds, [kinds.length], "int64"))))];
};

export const classical: Readonly<Record<string, Rule>> = {
  "ai.onnx.ml.ArrayFeatureExtractor": (e, { inputs: [x, at] }) => [e.Gather(table(e, x!), e.Reshape(at!, e.ints([-1])), { axis: -1 })],
  "ai.onnx.ml.Binarizer": (e, { inputs: [x], attrs }) => [
    e.Cast(e.Greater(x!, e.scalar((attrs.threshold as number | undefined) ?? 0, x!)), { to: onnxType[x!.type.dtype] }),
  ],
  "ai.onnx.ml.FeatureVectorizer": (e, { inputs }) => [e.Concat(...(inputs.map((x) => table(e, float(e, x!))) as [Value]), { axis: 1 })],
  "ai.onnx.ml.Imputer": imputer,
  "ai.onnx.ml.LinearClassifier": linearClassifier,
  "ai.onnx.ml.LinearRegressor": (e, { inputs: [x], attrs }) => [
    transformed(e, linear(e, x!, attrs, (attrs.targets as number | undefined) ?? 1), attrs),
  ],
  "ai.onnx.ml.Normalizer": normalizer,
  "ai.onnx.ml.OneHotEncoder": oneHotEncoder,
  "ai.onnx.ml.Scaler": (e, { inputs: [x], attrs }) => {
    const v = float(e, x!);
    const [offset, scale] = [floats(attrs, "offset"), floats(attrs, "scale")];
    const moved = offset.length > 0 ? e.Sub(v, row(e, offset)) : v;
    return [scale.length > 0 ? e.Mul(moved, row(e, scale)) : moved];
  },
  // a table of scores by name stays the table
  "ai.onnx.ml.ZipMap": (_, { inputs: [x] }) => [x!],
};
