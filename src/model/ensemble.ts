/** Several models as one. */
import { fail, size, type Tensor } from "../base/index.ts";
import { type Emit, input, type Value } from "../graph/index.ts";
import { logSumExp } from "../nn/index.ts";
import { builder, rebatch, remap } from "../pass/index.ts";
import type { GradientModel } from "./access.ts";
import { argmax, asSamples } from "./black-box.ts";

export interface EnsembleOptions {
  /**
   * What is averaged over the members: their probabilities (Liu et al. 2016, arXiv:1611.02770, §5), the logarithms of these, or their logits (Dong et al.
   * 2017, arXiv:1710.06081, §3.3). Default `log-probabilities`.
   */
  readonly mean?: "probabilities" | "log-probabilities" | "logits";
}

/** log Σ exp of a row. */
function rowLogSumExp(z: Float32Array): number {
  const most = z.reduce((a, b) => Math.max(a, b));
  return most + Math.log(z.reduce((s, v) => s + Math.exp(v - most), 0));
}

/** The models must see the same inputs and tell the same classes; of files with a fixed batch, the same. */
function check(models: readonly GradientModel[]): void {
  const first = models[0];
  if (!first) fail({ code: "ensemble-empty", expected: "at least one model", got: "none", mend: "give the models to average" });
  for (const m of models) {
    if (m.classes !== first.classes || size(m.inputShape) !== size(first.inputShape))
      fail({
        code: "ensemble-differs",
        expected: `models of ${first.classes} classes on [${first.inputShape}], as the first one`,
        got: `one of ${m.classes} classes on [${m.inputShape}]`,
        mend: "average only models of the same task and input",
      });
  }
  const fixed = new Set(models.filter((m) => !m.dynamic).map((m) => m.logits.inputs[0]!.type.shape[0]!));
  if (fixed.size > 1)
    fail({
      code: "ensemble-batch",
      expected: "one batch size",
      got: `models fixed to ${[...fixed].join(" and ")}`,
      mend: "export them with a dynamic batch",
    });
}

/**
 * The mean of models as one model, for attacks that shall hold on all of them, or on others (transfer). Verdicts ask every member's own file.
 * Its members stay the caller's to release.
 * @throws ensemble-empty, ensemble-differs, ensemble-batch
 */
export function ensemble(models: readonly GradientModel[], { mean = "log-probabilities" }: EnsembleOptions = {}): GradientModel {
  check(models);
  const first = models[0]!;
  const fixed = models.find((m) => !m.dynamic);
  const batch = fixed ? fixed.logits.inputs[0]!.type.shape[0]! : 2;
  const e = builder();
  const x = input("float32", [batch, ...first.inputShape], "x", [fixed ? batch : "N", ...first.inputShape]);
  const logits = average(
    e,
    models.map((m) => logitsAt(e, m, x, batch)),
    mean,
  );
  const graph = { inputs: [x], outputs: [logits], outputNames: ["logits"] };
  const samples = (given: Tensor<"float32">) => asSamples(given, first.inputShape);
  const scores = async (given: Tensor<"float32">): Promise<Tensor<"float32">> => {
    const own = samples(given);
    const parts: Tensor<"float32">[] = [];
    for (const m of models) parts.push(await scoresOf(m, own, mean));
    const out = parts[0]!.data.map((_, i) => {
      const values = Float32Array.from(parts, (p) => p.data[i]!);
      return mean === "probabilities" ? rowLogSumExp(values) - Math.log(values.length) : values.reduce((a, b) => a + b, 0) / values.length;
    });
    return { ...parts[0]!, data: out };
  };
  return {
    access: "gradient",
    graph,
    logits: graph,
    dynamic: fixed === undefined,
    graphError: models.reduce((worst, m) => Math.max(worst, m.graphError), 0),
    output: "logits",
    classes: first.classes,
    inputShape: first.inputShape,
    runtime: [...new Set(models.map((m) => m.runtime))].join(", "),
    samples,
    scores,
    labels: async (given) => argmax(await scores(given)),
    release: async () => {},
  };
}

/** A member's logits of the shared input. */
function logitsAt(e: Emit, model: GradientModel, x: Value, batch: number): Value {
  const { inputs, outputs } = model.dynamic ? rebatch(model.logits, batch).graph : model.logits;
  const own = e.Reshape(x, e.ints([0, ...model.inputShape]));
  return remap(e, outputs, new Map([[inputs[0]!, own]])).get(outputs[0]!)!;
}

function average(e: Emit, logits: readonly Value[], mean: NonNullable<EnsembleOptions["mean"]>): Value {
  const parts = mean === "logits" ? logits : logits.map((z) => e.Sub(z, logSumExp(e, z)));
  if (mean !== "probabilities")
    return e.Mul(
      parts.reduce((a, b) => e.Add(a, b)),
      e.scalar(1 / parts.length, parts[0]!),
    );
  // log of the mean of exp, shifted by the largest
  const most = parts.reduce((a, b) => e.Max(a, b));
  const sum = parts.map((z) => e.Exp(e.Sub(z, most))).reduce((a, b) => e.Add(a, b));
  return e.Add(most, e.Log(e.Mul(sum, e.scalar(1 / parts.length, sum))));
}

/** What a member's file says, in the terms of the mean. */
async function scoresOf(
  model: GradientModel,
  x: Tensor<"float32">,
  mean: NonNullable<EnsembleOptions["mean"]>,
): Promise<Tensor<"float32">> {
  const given = await model.scores(x);
  const z = model.output === "probabilities" ? given.data.map((p) => Math.log(Math.max(p, 1e-38))) : given.data.slice();
  if (mean === "logits") return { ...given, data: z };
  for (let at = 0; at < z.length; at += model.classes) {
    const own = z.subarray(at, at + model.classes);
    const all = rowLogSumExp(own);
    for (let j = 0; j < own.length; j++) own[j] = own[j]! - all;
  }
  return { ...given, data: z };
}
