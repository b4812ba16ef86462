/** Einstein summation. */
import { fail } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { bilinear, increasing, isConstantBox, unbroadcast } from "./algebra.ts";
import { Mul } from "./elementwise.ts";
import { affine, arg, type Call, composed, type IntervalRule, type Op, text } from "./op.ts";

interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

function parse(call: Call): Equation {
  const equation = text(call, "equation", "").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const operands = left.split(",");
  const letters = [...left.replaceAll(",", "")];
  const once = [...new Set(letters)].filter((c) => letters.filter((d) => d === c).length === 1).sort();
  const result = right ?? once.join("");
  if (equation.includes(".") || operands.some((o) => new Set(o).size !== o.length))
    fail({
      code: "operator-attribute",
      expected: "an Einsum without ellipsis or repeated indices in one operand",
      got: equation,
      mend: "spell the indices out",
    });
  return { operands, result };
}

function sizesOf(call: Call, { operands }: Equation): Map<string, number> {
  const sizes = new Map<string, number>();
  operands.forEach((letters, i) => {
    [...letters].forEach((c, a) => {
      sizes.set(c, Math.max(sizes.get(c) ?? 1, arg(call, i).type.shape[a]!));
    });
  });
  return sizes;
}

/** The product over operands, with the i-th replaced by the cotangent and its letters as the result. */
function pullBack(e: Emit, node: Node, dy: Value, i: number): Value {
  const { operands, result } = parse(node);
  const mine = operands[i]!;
  const others = operands.filter((_, k) => k !== i);
  const values = node.inputs.filter((_, k) => k !== i) as Value[];
  // letters that only this operand has were summed alone: the cotangent spreads over them
  const reachable = [...mine].filter((c) => result.includes(c) || others.some((o) => o.includes(c)));
  const g = e.node("Einsum", [dy, ...values], { equation: `${[result, ...others].join(",")}->${reachable.join("")}` })[0]!;
  const x = node.inputs[i]!;
  if (reachable.length === mine.length) return unbroadcast(e, g, x);
  const missing = [...mine].flatMap((c, a) => (reachable.includes(c) ? [] : [a]));
  const spread = e.Unsqueeze(g, e.ints(missing));
  const kept = x.type.shape.map((d, a) => (missing.includes(a) ? 1 : d));
  return e.Expand(unbroadcast(e, spread, { ...x, type: { ...x.type, shape: kept } }), e.Shape(x));
}

/** An operand with an axis for every index, those of the result first; then what is left to sum. */
function alignment(node: Node): { align: (e: Emit, v: Value, i: number) => Value; sum: (e: Emit, product: Value) => Value } {
  const { operands, result } = parse(node);
  const all = [...new Set(result + operands.join(""))];
  return {
    align: (e, v, i) => {
      const mine = [...operands[i]!];
      const present = all.filter((c) => mine.includes(c));
      const missing = all.flatMap((c, a) => (mine.includes(c) ? [] : [a]));
      const turned = e.Transpose(v, { perm: present.map((c) => mine.indexOf(c)) });
      return missing.length > 0 ? e.Unsqueeze(turned, e.ints(missing)) : turned;
    },
    sum: (e, product) => {
      const axes = all.map((_, a) => a).slice(result.length);
      return axes.length > 0 ? e.ReduceSum(product, e.ints(axes), { keepdims: 0 }) : product;
    },
  };
}

export const Einsum: Op = {
  infer: (call) => {
    const equation = parse(call);
    const sizes = sizesOf(call, equation);
    return [{ dtype: arg(call, 0).type.dtype, shape: [...equation.result].map((c) => sizes.get(c)!) }];
  },
  vjp: (e, node, [dy]) => node.inputs.map((_, i) => pullBack(e, node, dy!, i)),
  interval: (e, node, x) => {
    if (x.length === 1) return increasing(e, node, x);
    if (x.length === 2) return bilinear(e, node, x);
    const { align, sum } = alignment(node);
    const times = Mul.interval as IntervalRule;
    const aligned = x.map((b, i) => {
      const lo = align(e, b!.lo, i);
      return { lo, hi: isConstantBox(b) ? lo : align(e, b!.hi, i) };
    });
    const product = aligned.reduce((a, b) => times(e, { ...node, op: "Mul", attrs: {} }, [a, b])[0]!);
    return [{ lo: sum(e, product.lo), hi: sum(e, product.hi) }];
  },
  lines: (_, __, x) => (x.filter((b) => !isConstantBox(b)).length <= 1 ? affine : composed),
  // products first: each is bounded by its McCormick planes
  compose: (e, node) => {
    const { align, sum } = alignment(node);
    return [
      sum(
        e,
        (node.inputs as Value[]).map((v, i) => align(e, v, i)).reduce((a, b) => e.Mul(a, b)),
      ),
    ];
  },
};
