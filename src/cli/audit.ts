import { defineCommand } from "citty";
import { host } from "#host";
import { norms } from "../attack/index.ts";
import {
  type AuditResult,
  auditEach,
  auditJunit,
  auditPage,
  gallery,
  inFolder,
  PRESETS,
  type Preset,
  REPORT_VERSION,
  reportSchema,
} from "../audit/index.ts";
import { CounterfoilError } from "../base/index.ts";
import { type AnyModel, load } from "../model/index.ts";
import { modelFile, type RunOptions } from "../run/index.ts";
import { betterPreprocessing } from "./better-preprocessing.ts";
import { labelled } from "./data.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, maybeNumber, number, rangeOf, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";
import { version } from "./version.ts";

const command = defineCommand({
  meta: { name: "audit", description: "How a classifier holds against the strongest attacks, and the evidence that they were not fooled." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    epsilon: {
      type: "string",
      description: "largest perturbation, in the data's units (default: 8/255 of the range in linf, half of it in l2)",
    },
    norm: { type: "string", description: "linf, l2 or l1", default: "linf" },
    preset: { type: "string", description: "standard, or quick for a first look", default: "standard" },
    limit: { type: "string", description: "the first so many samples" },
    batch: { type: "string", description: "samples at a time", default: "128" },
    range: { type: "string", description: "least and largest value of the data, as 0,1 (default: the data's own)" },
    "transfer-from": { type: "string", description: "a second model, whose adversarial inputs are tried on this one" },
    variants: { type: "string", description: "other forms of the file (int8.onnx,half.onnx): are they turned by what was found on it?" },
    "fail-under": { type: "string", description: "exit with 1 if the robust accuracy is lower" },
    "fail-on-verdict": { type: "boolean", description: "exit with 1 if a check fails", default: false },
    out: { type: "string", description: "folder of the report; an audit that was interrupted goes on there", default: "runs/audit" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const norm = norms[choice("norm", args.norm, ["linf", "l2", "l1"])];
    const epsilon = maybeNumber("epsilon", args.epsilon, { least: 0 });
    const preset = choice("preset", args.preset, Object.keys(PRESETS) as Preset[]);
    const batch = number("batch", args.batch, { least: 1, whole: true });
    const gate = maybeNumber("fail-under", args["fail-under"], { least: 0, most: 1 });
    const { preprocessing, ...options } = await modelOptions(args, args.model);
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const range = args.range === undefined ? data.range : rangeOf(args.range);
    const signal = interruptible();
    const bar = meter(`auditing ${args.model}`);
    const model = await load(args.model, { ...run, ...options, preprocessing, access: "best" });
    const opened: { release(): Promise<void> }[] = [model];
    let better: string | null = null;
    try {
      better = await betterPreprocessing(model, file, data, options);
      const second = args["transfer-from"] === undefined ? undefined : await load(args["transfer-from"], run);
      if (second) opened.push(second);
      const variants: { name: string; model: AnyModel }[] = [];
      const variant = async (name: string, path: string, on: RunOptions) => {
        variants.push({ name, model: await load(path, { ...on, ...options, ...(preprocessing && { preprocessing }), access: "best" }) });
        opened.push(variants.at(-1)!.model);
      };
      for (const path of args.variants?.split(",") ?? []) await variant(path.split("/").at(-1)!, path, run);
      const notes = better ? [`another preprocessing reads the data better: ${better}`] : [];
      if (run.device !== "wasm")
        try {
          await variant("on WebAssembly", args.model, { device: "wasm", threads: 1 });
        } catch (error) {
          // onnxruntime-web finds no weights beside the model, and lacks a few kernels
          if (!(error instanceof CounterfoilError)) throw error;
          notes.push(`success on WebAssembly was not measured: onnxruntime-web cannot load the file (${error.code})`);
        }
      const units = await inFolder(args.out, {
        version: REPORT_VERSION,
        model: file.sha256,
        data: data.provenance,
        norm: norm.name,
        epsilon: epsilon ?? "default",
        preset,
        range,
        seed,
        preprocessing: preprocessing ?? null,
        output: options.output ?? null,
        sizes: options.sizes ?? null,
        device: run.device ?? "cpu",
        tool: version,
      });
      for (const file of units.damaged ?? []) say(`${file} is damaged and passed over; what was in it is done again`);
      let result: AuditResult;
      try {
        const each = auditEach(
          model,
          { x: data.x, labels: data.y },
          {
            ...run,
            norm,
            epsilon,
            preset,
            range,
            seed,
            batch,
            units,
            transferFrom: second,
            variants,
            signal,
            about: {
              tool: { name: "counterfoil", version },
              model: { path: args.model, sha256: file.sha256, preprocessing: preprocessing ? { ...preprocessing } : null, notes },
              data: data.provenance,
              classNames: data.classes.length === model.classes ? [...data.classes] : undefined,
            },
            onProgress: (what, done, total, left) =>
              bar.update(`${what}: ${done} of ${total}${left === undefined ? "" : `, ${left} of ${data.y.length} stand`}`, done, total),
          },
        );
        for (;;) {
          const step = await each.next();
          if (step.done) {
            result = step.value;
            break;
          }
        }
      } finally {
        await units.close();
      }
      const { adversarial: _, ...report } = result;
      const checked = reportSchema.parse(report);
      const exhibits = await gallery(model, data.x, result);
      await host.writeFile(`${args.out}/report.json`, `${JSON.stringify(checked, null, 2)}\n`);
      await host.writeFile(`${args.out}/report.html`, auditPage(checked, exhibits));
      await host.writeFile(`${args.out}/junit.xml`, auditJunit(checked, gate));
      const failed = checked.verdicts.filter((v) => v.status === "fail");
      bar.succeed(
        `${data.name}: clean accuracy ${percent(result.cleanAccuracy)}, robust accuracy at most ${percent(result.robustAccuracy)} (${norm.name}, ε = ${checked.threat.epsilon}), n = ${result.n}; ${args.out}/report.html`,
      );
      for (const note of notes) say(`  ${note}`);
      for (const v of failed) say(`  ${v.check}: ${v.evidence}; ${v.mend}`);
      if (args.json) printJson(checked);
      if (gate !== undefined && result.robustAccuracy < gate) {
        say(`counterfoil: the robust accuracy ${percent(result.robustAccuracy)} is under the gate of ${percent(gate)}`);
        return 1;
      }
      if (args["fail-on-verdict"] && failed.length > 0) {
        say(`counterfoil: ${failed.length} checks failed`);
        return 1;
      }
      return 0;
    } catch (error) {
      throw error instanceof CounterfoilError && /^audit-(chance|class-order)$/.test(error.code) ? explained(error, better) : error;
    } finally {
      bar.stop();
      for (const m of opened) await m.release();
    }
  },
});

/** Where the clean accuracy is a guess's: with the preprocessing that mends it, if one does. */
const explained = (error: CounterfoilError, better: string | null): CounterfoilError =>
  new CounterfoilError({
    code: error.code,
    expected: error.expected,
    got: error.got,
    mend: mended(error, better),
    cause: error,
  });

/** Two classes that are swapped look like inverted pictures: both are said, the likelier first. */
function mended({ code, mend }: CounterfoilError, better: string | null): string {
  if (code === "audit-class-order") return better ? `${mend}; or, if the pictures are wrong, declare the preprocessing: ${better}` : mend;
  return better ? `declare the preprocessing: ${better}` : `no usual preprocessing mends it; ${mend}`;
}

export default withExamples(command, [
  "counterfoil audit model.onnx --data photos/ --epsilon 8/255 --fail-under 0.5",
  "counterfoil audit robust.onnx --data mnist:test --epsilon 0.3 --limit 1000 --out runs/audit --json",
]);
