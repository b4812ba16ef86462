import { defineCommand } from "citty";
import { host } from "#host";
import { load } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { METHODS, radiusEach, type SampleRadius } from "../verify/index.ts";
import { kept, unkept } from "./certified-samples.ts";
import { labelled } from "./data.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, printJson, say } from "./output.ts";
import { version } from "./version.ts";

const short = (v: number | null): string => (v === null ? "none found" : `${Number(v.toPrecision(4))}`);

/** The middle one; ∞ where an attack found nothing. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.map((v) => v ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(middle) ? middle : null;
}

const command = defineCommand({
  meta: { name: "radius", description: "How far each sample's class is proven to reach, and how near an attack turns it." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    norm: { type: "string", description: "linf, l2 or l1", default: "linf" },
    method: { type: "string", description: METHODS.join(", "), default: "crown" },
    tolerance: { type: "string", description: "where the bisection stops (default: a thousandth of the data's range)" },
    timeout: { type: "string", description: "seconds of search for a sample at one radius, of the method complete", default: "10" },
    steps: { type: "string", description: "steps of the attack", default: "200" },
    limit: { type: "string", description: "the first so many samples" },
    out: { type: "string", description: "folder of samples and report.json; what was interrupted goes on there (default: none)" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const norm = choice("norm", args.norm, ["linf", "l2", "l1"] as const);
    const method = choice("method", args.method, METHODS);
    const tolerance = maybeNumber("tolerance", args.tolerance, { above: 0 });
    const timeout = number("timeout", args.timeout, { above: 0 });
    const steps = number("steps", args.steps, { least: 1, whole: true });
    const seed = seedOf(args.seed);
    const { preprocessing, ...options } = await modelOptions(args, args.model);
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const classifier = await load(args.model, { ...run, ...options, preprocessing });
    const settings = {
      norm,
      method,
      tolerance: tolerance ?? (data.range[1] - data.range[0]) / 1000,
      timeout,
      range: data.range,
      steps,
      seed,
    };
    const about = { preprocessing: preprocessing ?? null, output: options.output ?? null, tool: version };
    const bar = meter(`radii of ${args.model} by ${method}`);
    const done: SampleRadius[] = [];
    try {
      const config = { command: "radius", ...settings, model: file.sha256, data: data.provenance, ...about };
      const keeping =
        args.out === undefined ? unkept<SampleRadius>() : await kept<SampleRadius>(args.out, JSON.parse(JSON.stringify(config)));
      done.push(...keeping.done);
      const sums = () => ({
        medianCertified: median(done.map((s) => s.certified)) ?? 0,
        medianAttacked: median(done.map((s) => s.attacked)),
      });
      const told = () => `median radius certified ${short(sums().medianCertified)} ≤ attacked ${short(sums().medianAttacked)}`;
      try {
        const [from, n] = [done.length, data.y.length];
        const given = { ...run, ...settings, done: keeping.done, signal: interruptible() };
        for await (const sample of radiusEach(classifier, { x: data.x, labels: data.y }, given)) {
          await keeping.add(sample);
          done.push(sample);
          bar.update(`measured ${done.length} of ${n}`, done.length - from, n - from);
        }
      } catch (error) {
        if (error instanceof Error && error.name === "AbortError" && done.length > 0) say(`of the first ${done.length} samples: ${told()}`);
        throw error;
      } finally {
        await keeping.close();
      }
      const samples = done.sort((a, b) => a.index - b.index);
      const model = { path: args.model, sha256: file.sha256 };
      const report = { n: samples.length, ...settings, ...sums(), runtime: classifier.runtime, samples, model, data: data.provenance };
      if (args.out !== undefined) await host.writeFile(`${args.out}/report.json`, `${JSON.stringify(report, null, 2)}\n`);
      bar.succeed(`${data.name} (${norm}, ${method}): ${told()}, n = ${samples.length}`);
      if (args.json) printJson(report);
      return 0;
    } finally {
      bar.stop();
      await classifier.release();
    }
  },
});

export default withExamples(command, ["counterfoil radius robust.onnx --data mnist:test --norm linf --limit 20 --json"]);
