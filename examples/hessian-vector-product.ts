/**
 * A gradient is a graph, so it has a gradient: Hv = ∇(∇f · v), without ever writing the Hessian down.
 * The same two lines give gradient penalties; the result can be written to a file like any other graph.
 * Run: npx tsx --conditions=source examples/hessian-vector-product.ts
 */
import { builder, compile, evaluate, gradOf, input, nn, numbers, print, tensor } from "counterfoil";

const e = builder();
const x = input("float64", [2], "x");
const v = input("float64", [2], "v");

// Rosenbrock's valley: f(a, b) = (1 − a)² + 100·(b − a²)²
const part = (i: number) => e.Slice(x, e.ints([i]), e.ints([i + 1]), e.ints([0]), e.ints([1]));
const [a, b] = [part(0), part(1)];
const square = (y: typeof a) => e.Mul(y, y);
const f = nn.sum(e, e.Add(square(e.Sub(e.scalar(1, a), a)), e.Mul(e.scalar(100, a), square(e.Sub(b, square(a))))));

const [gradient] = gradOf(e, f, [x]);
const [product] = gradOf(e, nn.sum(e, e.Mul(gradient!, v)), [x]);

const program = await compile({ inputs: [x, v], outputs: [f, gradient!, product!] });
const at = tensor([-1, 2], [2], "float64");
const e1 = tensor([1, 0], [2], "float64");
const [value, slope, column] = await program.run([at, e1]);
console.log("f", numbers(value!), "∇f", numbers(slope!), "H·(1, 0)", numbers(column!));

// by hand: H = [[1200a² − 400b + 2, −400a], [−400a, 200]]
console.log("H·(1, 0) by hand", [1200 - 800 + 2, 400]);
await program.release();

// evaluate compiles, runs once and releases
const e2 = tensor([0, 1], [2], "float64");
const [second] = await evaluate(
  [product!],
  new Map([
    [x, at],
    [v, e2],
  ]),
);
console.log("H·(0, 1)", numbers(second!));
console.log(print({ inputs: [x], outputs: [gradient!] }).split("\n").length - 2, "nodes in the gradient's graph");
