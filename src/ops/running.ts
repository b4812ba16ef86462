/** Running sums, and triangles of matrices. */
import { moving } from "./algebra.ts";
import { moveElements } from "./movement.ts";
import { affine, arg, type Call, constantInts, int, type Op } from "./op.ts";

export const CumSum: Op = {
  infer: (call) => [arg(call, 0).type],
  // each element is in the sums that come after it: the same from the other end
  vjp: (e, node, [dy]) => [
    e.node("CumSum", [dy!, node.inputs[1]!], { exclusive: int(node, "exclusive", 0), reverse: 1 - int(node, "reverse", 0) })[0]!,
    null,
  ],
  interval: moving(0),
  lines: affine,
};

const diagonal = (call: Call): number => constantInts(call, 1)?.[0] ?? 0;

/** The upper (or lower) triangle of the last two axes, from the k-th diagonal; zeros elsewhere. */
export const Trilu: Op = {
  infer: (call) => [arg(call, 0).type],
  vjp: (e, node, [dy]) => [e.node("Trilu", [dy!, node.inputs[1] ?? null], node.attrs)[0]!, null],
  interval: moving(0),
  lines: affine,
  fold: ([x], call) => {
    if (x!.data.length > 4096) return null;
    const upper = int(call, "upper", 1) === 1;
    const [k, rank] = [diagonal(call), x!.shape.length];
    let i = 0;
    return [
      moveElements(
        x!,
        x!.shape,
        (at) => {
          const [row, column, here] = [at[rank - 2]!, at[rank - 1]!, i++];
          return (upper ? column - row >= k : column - row <= k) ? here : -1;
        },
        typeof x!.data[0] === "bigint" ? 0n : 0,
      ),
    ];
  },
};
