import { defineCommand } from "citty";
import { host } from "#host";
import { load } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { certifyEach, METHODS, methodFor, Prover, results, type SampleCertificates, stability } from "../verify/index.ts";
import { kept, unkept } from "./certified-samples.ts";
import { certifyPage } from "./certify-page.ts";
import { labelled } from "./data.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";
import { version } from "./version.ts";

/** 0.01,0.02,8/255: ascending, each once. */
const radii = (text: string): number[] =>
  [...new Set(text.split(",").map((part) => number("epsilon", part, { least: 0 })))].sort((a, b) => a - b);

const command = defineCommand({
  meta: {
    name: "certify",
    description: "Prove, sample by sample, that no perturbation within ε changes the class, or find one that does.",
  },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    epsilon: { type: "string", description: "radius, or several: 0.01,0.02,0.05, in the data's units", required: true },
    norm: { type: "string", description: "linf, l2 or l1", default: "linf" },
    method: { type: "string", description: `${METHODS.join(", ")} (default: complete up to 5,000 rectifiers, else crown)` },
    timeout: { type: "string", description: "seconds of search for a sample at one ε, of the method complete", default: "10" },
    steps: { type: "string", description: "steps of the PGD that tries to falsify", default: "40" },
    limit: { type: "string", description: "the first so many samples" },
    out: { type: "string", description: "folder of samples and report; what was interrupted goes on there (default: none)" },
    "fail-under": { type: "string", description: "exit with 1 if the certified accuracy at the largest ε is lower" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const epsilons = radii(args.epsilon);
    const norm = choice("norm", args.norm, ["linf", "l2", "l1"] as const);
    const asked = args.method === undefined ? undefined : choice("method", args.method, METHODS);
    const timeout = number("timeout", args.timeout, { above: 0 });
    const steps = number("steps", args.steps, { least: 1, whole: true });
    const seed = seedOf(args.seed);
    const gate = maybeNumber("fail-under", args["fail-under"], { least: 0, most: 1 });
    const { preprocessing, ...options } = await modelOptions(args, args.model);
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const classifier = await load(args.model, { ...run, ...options, preprocessing });
    const method = asked ?? methodFor(classifier);
    const how = method === "complete" ? `PGD, bounds and ${timeout} s of search a sample` : `PGD and ${method}`;
    const bar = meter(`certifying ${args.model} by ${how}`);
    const given = { ...run, epsilons, norm, method, timeout, range: data.range, steps, seed };
    const done: SampleCertificates[] = [];
    try {
      const { device: _, threads: __, ...settings } = given;
      const config = {
        command: "certify",
        ...settings,
        model: file.sha256,
        data: data.provenance,
        preprocessing: preprocessing ?? null,
        output: options.output ?? null,
        tool: version,
      };
      const keeping =
        args.out === undefined
          ? unkept<SampleCertificates>()
          : await kept<SampleCertificates>(args.out, JSON.parse(JSON.stringify(config)));
      done.push(...keeping.done);
      const sums = () => results(done, classifier, given);
      const told = () =>
        sums().map((r) => `ε = ${r.epsilon}: certified ${percent(r.certifiedAccuracy)} ≤ attacked ${percent(r.attackedAccuracy)}`);
      try {
        const [from, n] = [done.length, data.y.length];
        const each = certifyEach(classifier, { x: data.x, labels: data.y }, { ...given, done: keeping.done, signal: interruptible() });
        for await (const sample of each) {
          await keeping.add(sample);
          done.push(sample);
          bar.update(`decided ${done.length} of ${n}`, done.length - from, n - from);
        }
      } catch (error) {
        if (error instanceof Error && error.name === "AbortError" && done.length > 0)
          say(`of the first ${done.length} samples ${told().join("; ")}`);
        throw error;
      } finally {
        await keeping.close();
      }
      const all = sums();
      const last = all.at(-1)!;
      const prover = new Prover(classifier);
      const stable = stability(done, prover.layers);
      const model = { path: args.model, sha256: file.sha256 };
      const layers = { n: stable.n, layers: stable.layers.map(({ size, mean }) => ({ size, mean })) };
      const shown = all.map((r) => ({
        ...r,
        samples: r.samples.map((s) => ({
          ...s,
          counterexample: s.counterexample && { predicted: s.counterexample.predicted, distance: s.counterexample.distance },
        })),
      }));
      const report = { ...(shown.length === 1 ? shown[0] : { results: shown }), unstable: layers, model, data: data.provenance };
      if (args.out !== undefined) {
        await host.writeFile(`${args.out}/report.json`, `${JSON.stringify(report, null, 2)}\n`);
        const provenance = Object.entries({
          model: args.model,
          "model sha256": file.sha256,
          // it has a SHA-256 of its own
          ...Object.fromEntries(Object.entries(data.provenance).map(([k, v]) => [`data ${k}`, v])),
          method: how,
          seed,
          runtime: classifier.runtime,
          version,
        });
        const shownPage = await certifyPage({
          name: args.model.split("/").at(-1)!,
          results: all,
          samples: [...done].sort((a, b) => a.index - b.index),
          stability: stable,
          x: classifier.samples(data.x),
          classes: data.classes,
          provenance: provenance.map(([k, v]) => [k, `${v}`] as const),
        });
        await host.writeFile(`${args.out}/report.html`, shownPage);
      }
      const [first, ...more] = told();
      bar.succeed(`${data.name} (${norm}, ${method}): ${first}; natural ${percent(last.cleanAccuracy)}, n = ${last.n}`);
      for (const line of more) say(`  ${line}`);
      if (args.out !== undefined) say(`  ${args.out}/report.html`);
      if (prover.unread) say(`  nothing is certified, as no bounds are known of ${prover.unread}`);
      if (args.json) printJson(report);
      if (gate !== undefined && last.certifiedAccuracy < gate) {
        say(`counterfoil: the certified accuracy ${percent(last.certifiedAccuracy)} is under the gate of ${percent(gate)}`);
        return 1;
      }
      return 0;
    } finally {
      bar.stop();
      await classifier.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil certify robust.onnx --data mnist:test --epsilon 0.02 --method crown --limit 100 --json",
  "counterfoil certify robust.onnx --data mnist:test --epsilon 0.01,0.02,0.05 --limit 100 --out runs/certify",
]);
