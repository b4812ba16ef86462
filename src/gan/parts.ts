/** Gradients of a batch whose parts are taken one after the other, so that what one of them needs is free before the next begins. */
import type { Emit, Value } from "../graph/index.ts";
import { grad, gradOf } from "../pass/index.ts";

/** The loss of a part, which is not begun before `gate` [] is known: 0, and null of the first. */
type LossOf = (part: number, gate: Value | null) => Value;

/** What a gradient starts from: scale/parts, or nothing where that is 1. */
function share(e: Emit, loss: Value, parts: number, scale: Value | undefined): Value | undefined {
  if (parts === 1) return scale;
  return scale ? e.Mul(scale, e.scalar(1 / parts, scale)) : e.scalar(1 / parts, loss);
}

/** 0, as soon as all of `values` are known; nothing is differentiated through it. */
function zeroAfter(e: Emit, values: readonly Value[]): Value {
  const [none, one] = [e.ints([0]), e.ints([1])];
  const first = (v: Value) => e.Reshape(e.Slice(e.Reshape(v, e.ints([-1])), none, one, none, one), e.ints([]));
  const sum = values.map(first).reduce((a, b) => e.Add(a, b));
  return e.Floor(e.Mul(sum, e.scalar(0, sum)));
}

/** The gradient of the mean of so many losses, times `scale`. */
export function inTurn(e: Emit, parts: number, wrt: readonly Value[], lossOf: LossOf, scale: Value | undefined): readonly Value[] {
  const of = (part: number, gate: Value | null): readonly Value[] => {
    const loss = lossOf(part, gate);
    return gradOf(e, loss, wrt, share(e, loss, parts, scale));
  };
  let sum = of(0, null);
  for (let part = 1; part < parts; part++) {
    const found = of(part, zeroAfter(e, sum));
    sum = sum.map((v, k) => e.Add(v, found[k]!));
  }
  return sum;
}

/** The same where `together` was made at once, and each part judges its rows: their slopes in turn, then one way back through what made them. */
export function throughParts(
  e: Emit,
  together: Value,
  rows: readonly Value[],
  wrt: readonly Value[],
  lossOf: LossOf,
  scale: Value | undefined,
): readonly Value[] {
  const slopes: Value[] = [];
  for (const [part, row] of rows.entries()) {
    const loss = lossOf(part, part === 0 ? null : zeroAfter(e, slopes.slice(-1)));
    slopes.push(...gradOf(e, loss, [row], share(e, loss, rows.length, scale)));
  }
  return grad(e, [together], [e.Concat(...(slopes as unknown as [Value, ...Value[]]), { axis: 0 })], wrt);
}
