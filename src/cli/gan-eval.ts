import { basename } from "node:path";
import { defineCommand } from "citty";
import { host } from "#host";
import { CounterfoilError, fail, sameShape, sha256 } from "../base/index.ts";
import { loadPools, RESOLUTIONS } from "../data/index.ts";
import {
  diagnose,
  type Extractor,
  evaluateGan,
  fromFile,
  type GeneratorFile,
  loadDiscriminator,
  loadGenerator,
  sourceOfFile,
} from "../gan/index.ts";
import { sayVerdicts, summary } from "./gan-watch.ts";
import { jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, printJson, say } from "./output.ts";

const command = defineCommand({
  meta: { name: "gan-eval", description: "How good a generator is, against data that it was not shown, and what is wrong with it." },
  args: {
    generator: { type: "positional", description: "the ONNX file: latent vectors [N, z] to samples [N, …]", required: true },
    data: {
      type: "string",
      description: "what it should look like: ring8, grid25, mnist, stacked-mnist, toy:…, a folder, file.npz, file.csv",
      required: true,
    },
    discriminator: { type: "string", description: "the game's own (default: discriminator.onnx beside the generator, where there is one)" },
    extractor: {
      type: "string",
      description: "file.onnx or file.onnx:OUTPUT, whose output is the features (default: ours for MNIST, cells of other pictures)",
    },
    n: { type: "string", description: "generated samples, and as many real ones", default: "5000" },
    truncation: { type: "string", description: "factor of the latent vectors, from 0 to 1", default: "1" },
    limit: { type: "string", description: "use only so many samples of the data" },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const n = number("n", args.n, { least: 100, whole: true });
    const truncation = number("truncation", args.truncation, { least: 0, most: 1 });
    const limit = maybeNumber("limit", args.limit, { least: 1, whole: true });
    const generator = await loadGenerator(args.generator, run);
    const opened: { release(): Promise<void> }[] = [generator];
    const bar = meter(`measuring ${args.generator}`);
    try {
      const pools = await loadPools(args.data, await heldOut(generator, args.data, seed, limit));
      if (!sameShape(generator.shape, pools.train.shape))
        fail({
          code: "generator-data",
          expected: `data of samples [${generator.shape}], as the generator makes them`,
          got: `[${pools.train.shape}] of ${args.data}`,
          mend: generator.data ? `name the data that it learnt from (${generator.data})` : "name the data that it learnt from",
        });
      const discriminator = await discriminatorOf(args.generator, args.discriminator, run);
      if (discriminator) opened.push(discriminator);
      const extractor = await extractorOf(args.extractor, run);
      if (extractor) opened.push(extractor);
      const report = await evaluateGan(sourceOfFile(generator, discriminator, truncation), pools, {
        n,
        seed,
        ...run,
        ...(extractor && { extractor }),
        signal: interruptible(),
        onProgress: (what) => bar.update(what),
      });
      const verdicts = diagnose({ looks: [], floor: report.floor, losses: [], report, blame: null });
      bar.succeed(`${args.generator} on ${args.data}: ${summary(report)}`);
      for (const note of generator.notes) say(`  note: ${note}`);
      sayVerdicts(verdicts);
      if (args.json)
        printJson({
          command: "gan-eval",
          generator: { path: args.generator, sha256: generator.sha256 },
          ...report,
          truncation,
          runtime: generator.runtime,
          notes: generator.notes,
          verdicts,
        });
      return 0;
    } finally {
      bar.stop();
      for (const o of opened) await o.release();
    }
  },
});

/** Options by which data are parted as they were for the generator's training, so that what is held out was never shown to it. */
async function heldOut({ data, split, shape }: GeneratorFile, spec: string, seed: number, limit: number | undefined) {
  const most = limit ?? (split && data && basename(data) === basename(spec) ? split.limit : null);
  const side = RESOLUTIONS.find((r) => shape.length === 3 && r === shape[1] && r === shape[2]);
  const folder = side !== undefined && (await host.kind(spec)) === "directory";
  return { seed: split?.seed ?? seed, ...(most !== null && { limit: most }), ...(folder && { resolution: side }) };
}

/** The one that is named, or the one beside the generator. */
async function discriminatorOf(generator: string, named: string | undefined, run: ReturnType<typeof runOptions>) {
  const beside = generator.replace(/[^/\\]*$/, "discriminator.onnx");
  if (named === undefined && (beside === generator || (await host.kind(beside)) !== "file")) return null;
  try {
    return await loadDiscriminator(named ?? beside, run);
  } catch (error) {
    if (named !== undefined || !(error instanceof CounterfoilError)) throw error;
    say(`  note: ${beside} is left out: it does not say how it judges`);
    return null;
  }
}

/** `file.onnx`, or `file.onnx:OUTPUT`. */
async function extractorOf(named: string | undefined, run: ReturnType<typeof runOptions>): Promise<Extractor | undefined> {
  if (named === undefined) return undefined;
  const [, path, output] = /^(.+?\.onnx)(?::(.+))?$/i.exec(named) ?? [];
  if (path === undefined)
    fail({ code: "option-extractor", expected: "--extractor file.onnx or file.onnx:OUTPUT", got: named, mend: "name an ONNX file" });
  const bytes = await host.readFile(path!);
  return fromFile(
    bytes,
    { name: `${path!.split("/").at(-1)} ${(await sha256(bytes)).slice(0, 12)}`, ...(output && { features: output }) },
    run,
  );
}

export default withExamples(command, [
  "counterfoil gan-eval runs/ring/generator.onnx --data ring8 --json",
  "counterfoil gan-eval runs/digits/generator.onnx --data mnist -n 10000",
]);
