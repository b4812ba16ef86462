import { defineCommand } from "citty";
import { fail } from "../base/index.ts";
import { load } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { certifiedAt, smooth, smoothingCeiling } from "../verify/index.ts";
import { labelled } from "./data.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";

/** Points of accuracy from which on the loss to noise is worth a word. */
const LOSS = 0.1;

const short = (v: number): string => `${Number(v.toPrecision(4))}`;

/** The radius of the gate, which some model must be able to pass. */
function gateRadius(text: string | undefined, gate: number | undefined, ceiling: number): number | undefined {
  const radius = maybeNumber("radius", text, { least: 0 });
  if (gate !== undefined && radius === undefined)
    fail({ code: "option-gate", expected: "a radius for the gate", got: "none", mend: "pass --radius beside --fail-under" });
  if (radius !== undefined && radius >= ceiling)
    fail({
      code: "option-gate",
      expected: `a radius under ${short(ceiling)}, the most that so many copies can certify`,
      got: `${radius}`,
      mend: "raise --samples or --sigma",
    });
  return radius;
}

const command = defineCommand({
  meta: {
    name: "smooth",
    description: "Certify the vote of any classifier's answers under noise: the L2 radius of each sample, at a level of confidence.",
  },
  args: {
    model: { type: "positional", description: "the ONNX file; it is only asked for classes", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    sigma: { type: "string", description: "standard deviation of the noise, in the data's units", required: true },
    samples: { type: "string", alias: "n", description: "noisy copies by which the chance of a class is bounded", default: "1000" },
    selection: { type: "string", description: "noisy copies, apart, by which the class is chosen", default: "100" },
    alpha: { type: "string", description: "chance that a certificate is wrong, at most", default: "0.001" },
    limit: { type: "string", description: "the first so many samples" },
    radii: { type: "string", description: "L2 radii at which to tell the certified accuracy: 0,0.25,0.5 (default: multiples of σ/2)" },
    "fail-under": { type: "string", description: "exit with 1 if the certified accuracy at --radius is lower" },
    radius: { type: "string", description: "L2 radius of the gate" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const sigma = number("sigma", args.sigma, { above: 0 });
    const draws = number("samples", args.samples, { least: 1, whole: true });
    const selection = number("selection", args.selection, { least: 1, whole: true });
    const alpha = number("alpha", args.alpha, { above: 0, below: 1 });
    const seed = seedOf(args.seed);
    const gate = maybeNumber("fail-under", args["fail-under"], { least: 0, most: 1 });
    const radius = gateRadius(args.radius, gate, smoothingCeiling(sigma, draws, alpha));
    const asked = args.radii?.split(",").map((part) => number("radii", part, { least: 0 }));
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const model = await load(args.model, { ...run, ...(await modelOptions(args, args.model)), access: "labels" });
    const bar = meter(`smoothing ${args.model} with noise of σ = ${sigma}`);
    try {
      const onProgress = (done: number, total: number): void =>
        bar.update(`certified ${Math.floor(done / (selection + draws))} of ${total / (selection + draws)}`, done, total);
      const given = { x: data.x, labels: data.y };
      const options = { sigma, alpha, draws, selection, seed, signal: interruptible(), onProgress };
      const result = await smooth(model, given, { ...options, radii: asked });
      bar.succeed(
        `${data.name}: smoothed with σ = ${sigma} clean accuracy ${percent(result.cleanAccuracy)}, without ${percent(result.baseAccuracy)}, abstained ${percent(result.abstained)}, n = ${result.n}`,
      );
      for (const c of result.certified) say(`  certified within ${short(c.radius)} (l2): ${percent(c.accuracy)}`);
      say(`  mean radius ${short(result.averageRadius)}; ${draws} copies certify ${short(result.ceiling)} at most`);
      if (result.baseAccuracy - result.cleanAccuracy > LOSS)
        say("  the noise costs much accuracy: train the model on such noise, or pass a smaller --sigma");
      if (args.json) printJson({ ...result, model: { path: args.model, sha256: file.sha256 }, data: data.provenance });
      const found = certifiedAt(result.samples, radius ?? 0);
      if (gate !== undefined && found < gate) {
        say(`counterfoil: the certified accuracy ${percent(found)} within ${radius} is under the gate of ${percent(gate)}`);
        return 1;
      }
      return 0;
    } finally {
      bar.stop();
      await model.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil smooth model.onnx --data mnist:test --sigma 0.25 --limit 100 --json",
  "counterfoil smooth model.onnx --data photos/ --sigma 0.5 -n 100000 --radii 0,0.5,1 --fail-under 0.4 --radius 0.5",
]);
