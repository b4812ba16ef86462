/** The builder: makes values, asking each operator for its types and folding what is already known. */
import { type DType, fail, full, type Tensor, tensor } from "../base/index.ts";
import type { Attrs, Emit, Node, Value } from "../graph/index.ts";
import { ops } from "../ops/index.ts";

export const constant = (t: Tensor, name?: string): Value => ({
  type: { dtype: t.dtype, shape: t.shape },
  node: null,
  index: 0,
  data: t,
  name,
});

/** A copy of `list` without trailing left-out inputs, as ONNX writes them. */
const trim = (list: readonly (Value | null)[]): readonly (Value | null)[] => {
  let n = list.length;
  while (n > 0 && !list[n - 1]) n--;
  return n === list.length ? list : list.slice(0, n);
};

function makeNode(op: string, given: readonly (Value | null)[], attrs: Attrs = {}, name?: string): readonly Value[] {
  const rule = ops[op];
  if (!rule)
    fail({
      code: "operator-unknown",
      expected: "an operator of docs/operators.md",
      got: `${op}${name ? ` (node "${name}")` : ""}`,
      mend: "replace it before exporting, or add it: see CONTRIBUTING.md, “add an operator”",
    });
  const inputs = trim(given);
  const call = { op, inputs, attrs };
  const numbers = inputs.map((v) => v?.data ?? v?.known ?? null);
  const folded = rule.fold && inputs.every((v, i) => v === null || numbers[i]) ? rule.fold(numbers, call) : null;
  if (folded && inputs.every((v) => v === null || v.data)) return folded.map((t) => constant(t));
  const known = folded ?? rule.known?.(call);
  const outputs: Value[] = [];
  const node: Node = { op, inputs, attrs, outputs, name };
  for (const [index, type] of rule.infer(call).entries()) outputs.push({ type, node, index, data: null, known: known?.[index] });
  return outputs;
}

/** An `Emit`: `e.Add(a, b)`, `e.node("Add", [a, b])`. Small constants are shared. */
export function builder(): Emit {
  const shared = new Map<string, Value>();
  const share = (key: string, make: () => Tensor): Value => {
    let v = shared.get(key);
    if (!v) {
      v = constant(make());
      shared.set(key, v);
    }
    return v;
  };
  const base: Pick<Emit, "node" | "constant" | "scalar" | "ints" | "fill"> = {
    node: makeNode,
    constant,
    scalar: (x, like) => {
      const dtype: DType = typeof like === "string" ? like : like.type.dtype;
      return share(`${dtype} ${Object.is(x, -0) ? "-0" : x}`, () => full([], x, dtype));
    },
    ints: (xs) => share(`[${xs}]`, () => tensor(xs, [xs.length], "int64")),
    fill: (x, shape, dtype) => constant(full(shape, x, dtype)),
  };
  const isValue = (x: unknown): x is Value => typeof x === "object" && x !== null && "type" in x && "node" in x;
  return new Proxy(base as Emit, {
    get(target, op: string) {
      if (op in target) return target[op as keyof Emit];
      const method = (...args: (Value | null | Attrs | undefined)[]) => {
        const last = args.at(-1);
        const attrs = last && !isValue(last) ? (args.pop() as Attrs) : undefined;
        return makeNode(
          op,
          args.map((a) => (a ?? null) as Value | null),
          attrs,
        )[0]!;
      };
      target[op as keyof Emit] = method as never;
      return method;
    },
  });
}
