/** Files that are unusual: what may go wrong with numbers, and nothing may be claimed of. */
import { describe, expect, test } from "vitest";
import { readSpecification, type VerifyOptions, verify } from "../../src/verify/index.ts";
import { model, valueInfo, weight } from "../onnx/model.ts";

describe("odd files", () => {
  const unit = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 0))(assert (<= X_0 1))";
  const asked = async (bytes: Uint8Array, claim: string, options: VerifyOptions = {}) => {
    const query = await readSpecification(new TextEncoder().encode(`${unit}${claim}`), "claim");
    return verify({ bytes, path: "odd.onnx" }, query, { timeout: 2, ...options });
  };
  const ask = (bytes: Uint8Array, above: number) => asked(bytes, `(assert (>= Y_0 ${above}))`);
  /** y = relu(w·x) + b, its weights listed as inputs too, as files before IR version 4 have them. */
  const old = (w: number, b: number) =>
    model({
      inputs: { x: [1, 1] },
      extraInputs: [valueInfo("w", [1, 1]), valueInfo("b", [1])],
      weights: [weight("w", [1, 1], w), weight("b", [1], b)],
      nodes: [
        { op: "MatMul", in: ["x", "w"], out: ["h"] },
        { op: "Relu", in: ["h"], out: ["r"] },
        { op: "Add", in: ["r", "b"], out: ["y"] },
      ],
      outputs: ["y"],
    });

  test("initialisers that are listed as inputs are none", async () => {
    expect(await ask(old(2, 1), 3.5)).toMatchObject({ verdict: "unsat", inputs: 1 });
    expect(await ask(old(2, 1), 2.5)).toMatchObject({ verdict: "sat", inputs: 1 });
  });

  test("where no float32 number lies in the box there is nothing to run the file on, and that is said", async () => {
    const tenth = "(assert (<= X_0 0.1))(assert (>= X_0 0.1))";
    const reason = expect.stringMatching(/no float32 input lies in its box/);
    expect(await asked(old(2, 1), `${tenth}(assert (>= Y_0 1.1))`)).toMatchObject({ verdict: "unknown", reason });
    expect(await asked(old(2, 1), `${tenth}(assert (>= Y_0 1.3))`)).toMatchObject({ verdict: "unsat", reason: null });
  });

  test.each([
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [1, Number.NEGATIVE_INFINITY],
    [1, Number.NaN],
  ])("of weights %d and %d nothing is proven", async (w, b) => {
    expect(await ask(old(w, b), 2)).toMatchObject({ verdict: "unknown", reason: expect.stringMatching(/NaN or infinite/) });
  });

  test("where the file overflows there is neither a proof nor a counterexample", async () => {
    // 3e38·x + 3e38 reaches 6e38, where the file computes Infinity, which is no number
    const query = (above: number) => ask(old(3e38, 3e38), above);
    expect((await query(1e39)).verdict).toBe("unsat");
    expect(["unknown", "timeout"]).toContain((await query(5e38)).verdict);
  });

  /** y = x·factors[0]·factors[1]·… */
  const scaled = (factors: readonly number[]) =>
    model({
      inputs: { x: [1, 1] },
      weights: factors.map((c, k) => weight(`c${k}`, [], c)),
      nodes: factors.map((_, k) => ({ op: "Mul", in: [k === 0 ? "x" : `h${k}`, `c${k}`], out: [`h${k + 1}`] })),
      outputs: [`h${factors.length}`],
    });

  test("factors whose product underflows are not made one", async () => {
    // nearly x, by way of 10⁻³²⁴ of it
    const there = scaled([...new Array<number>(9).fill(1e-36), ...new Array<number>(9).fill(1e36)]);
    expect((await ask(there, 0.5)).verdict).not.toBe("unsat");
    expect((await ask(scaled([1e-36, 1e36]), 0.5)).verdict).toBe("sat");
    expect((await ask(scaled([1e-36, 1e36]), 1.5)).verdict).toBe("unsat");
  });

  test("of what overflows on a float32 machine nothing is known", async () => {
    // relu(10⁶⁰x − 9·10⁵⁹x) is 0 where the machine has ∞ − ∞
    const bytes = model({
      inputs: { x: [1, 1] },
      weights: [weight("big", [], 1e30), weight("less", [], 9e29), weight("small", [], 1e-30), weight("last", [], 1e-29)],
      nodes: [
        { op: "Mul", in: ["x", "big"], out: ["a"] },
        { op: "Mul", in: ["a", "big"], out: ["b"] },
        { op: "Mul", in: ["x", "less"], out: ["c"] },
        { op: "Mul", in: ["c", "big"], out: ["d"] },
        { op: "Sub", in: ["b", "d"], out: ["e"] },
        { op: "Relu", in: ["e"], out: ["f"] },
        { op: "Mul", in: ["f", "small"], out: ["g"] },
        { op: "Mul", in: ["g", "last"], out: ["y"] },
      ],
      outputs: ["y"],
    });
    const claim = "(assert (>= X_0 0.75))(assert (<= Y_0 0.5))";
    expect((await asked(bytes, claim, { semantics: "real" })).verdict).not.toBe("timeout");
    expect((await asked(bytes, claim, { semantics: "float32" })).verdict).not.toBe("unsat");
  });

  test("outputs that are float64 are not rounded before they are judged", async () => {
    const bytes = model({
      inputs: { x: [1, 1] },
      weights: [{ name: "c", dims: [], dataType: 11, doubleData: [1 - 2 ** -40] }],
      nodes: [
        { op: "Cast", in: ["x"], out: ["wide"], attrs: { to: 11 } },
        { op: "Mul", in: ["wide", "c"], out: ["y"] },
      ],
      outputs: ["y"],
      outputTypes: [11],
    });
    const half = (above: string) => asked(bytes, `(assert (<= X_0 0.5))(assert (>= Y_0 ${above}))`);
    expect((await half("0.5")).verdict).toBe("unsat");
    expect(await half("0.4999999999")).toMatchObject({ verdict: "sat", counterexample: { y: Float64Array.of(0.5 * (1 - 2 ** -40)) } });
  });

  test("half precision within a file is nothing that is known of float32 machines", async () => {
    const bytes = model({
      inputs: { x: [1, 1] },
      nodes: [
        { op: "Cast", in: ["x"], out: ["half"], attrs: { to: 10 } },
        { op: "Cast", in: ["half"], out: ["y"], attrs: { to: 1 } },
      ],
      outputs: ["y"],
    });
    // the half that is nearest to 0.1 is 0.0999756
    const claim = "(assert (>= X_0 0.1))(assert (<= Y_0 0.09998))";
    const unknown = { verdict: "unknown", reason: expect.stringMatching(/Cast.*half precision/) };
    expect(await asked(bytes, claim, { semantics: "float32" })).toMatchObject(unknown);
    expect((await asked(bytes, claim)).verdict).toBe("unsat");
  });
});
