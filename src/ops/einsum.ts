/** Einstein summation. */
import { fail } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { bilinear, increasing, isConstantBox } from "./algebra.ts";
import { affine, arg, type Call, type Op, text } from "./op.ts";

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
  if (reachable.length === mine.length) return g;
  const missing = [...mine].flatMap((c, a) => (reachable.includes(c) ? [] : [a]));
  return e.Expand(e.node("Unsqueeze", [g, e.ints(missing)])[0]!, e.Shape(node.inputs[i]!));
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
    return fail({
      code: "operator-no-interval",
      expected: "an Einsum of at most two operands",
      got: `${x.length}`,
      mend: "split it into products of two",
    });
  },
  lines: (_, node, x) =>
    x.filter((b) => !isConstantBox(b)).length <= 1
      ? affine
      : fail({
          code: "operator-no-lines",
          expected: "an Einsum with one operand that depends on the input",
          got: `${node.name ?? "a node"} with more`,
          mend: "write it as MatMul",
        }),
};
