import { defineCommand } from "citty";
import { host } from "#host";
import { fold, seedKey, sha256 } from "../base/index.ts";
import { ganPair, gans, trainGan } from "../gan/index.ts";
import { write } from "../onnx/index.ts";
import { imageGrid } from "../report/index.ts";
import { splits } from "./data.ts";
import { jsonArg, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";

const command = defineCommand({
  meta: { name: "gan", description: "Train a generator against a discriminator." },
  args: {
    data: { type: "string", description: "mnist, toy:…, a folder of class folders, file.npz, file.csv", required: true },
    model: { type: "string", description: Object.keys(gans).join(" or "), default: "mlp2014" },
    epochs: { type: "string", description: "passes over the training set", default: "5" },
    out: { type: "string", description: "run folder: generator, samples, metrics, checkpoints", default: "runs/gan" },
    resume: { type: "string", description: "go on in this run folder" },
    samples: { type: "string", description: "samples drawn after each epoch", default: "100" },
    limit: { type: "string", description: "use only so many samples" },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const epochs = number("epochs", args.epochs, { least: 1, whole: true });
    const samples = number("samples", args.samples, { least: 1, whole: true });
    const data = await splits(args.data, { limit: args.limit, seed: args.seed });
    const root = seedKey(seed);
    const keys = { generator: fold(root, "generator"), discriminator: fold(root, "discriminator") };
    const pair = ganPair(args.model, data.inputShape, keys, data.range);
    const folder = args.resume ?? args.out;
    const total = epochs * Math.floor(data.train.y.length / pair.spec.batch);
    const bar = meter(`gan ${args.model} on ${data.name}, run folder ${folder}`);
    try {
      const result = await trainGan(pair, data.train.x, {
        ...run,
        epochs,
        seed,
        folder,
        resume: args.resume !== undefined,
        config: { command: "gan", data: args.data, limit: args.limit ?? null, model: args.model, seed, provenance: data.provenance },
        samples,
        signal: interruptible(),
        onWarning: say,
        onProgress: ({ epoch, metrics, step }) =>
          bar.update(
            `epoch ${epoch + 1}/${epochs}, D loss ${metrics["discriminator/loss"]!.toFixed(3)}, G loss ${metrics["generator/loss"]!.toFixed(3)}, D accuracy ${percent(metrics["discriminator/accuracy-real"]!)} real ${percent(metrics["discriminator/accuracy-fake"]!)} fake`,
            step + 1,
            total,
          ),
        onSamples: async (epoch, samples) => {
          if (data.inputShape.length === 3)
            await host.writeFile(
              `${folder}/samples/epoch-${String(epoch).padStart(3, "0")}.png`,
              await host.encodePng(imageGrid(samples, { range: data.range })),
            );
        },
      });
      const bytes = write(result.graph);
      await host.writeFile(`${folder}/generator.onnx`, bytes);
      const last = result.history.at(-1)!;
      bar.succeed(
        `${folder}: D accuracy ${percent(last["discriminator/accuracy-real"]!)} on real, ${percent(last["discriminator/accuracy-fake"]!)} on generated`,
      );
      const report = {
        command: "gan",
        model: args.model,
        generator: { path: `${folder}/generator.onnx`, sha256: await sha256(bytes) },
        data: data.provenance,
        seed,
        epochs: result.epochs,
        runtime: result.runtime,
        history: result.history,
      };
      await host.writeFile(`${folder}/result.json`, `${JSON.stringify(report, null, 2)}\n`);
      if (args.json) printJson(report);
      return 0;
    } finally {
      bar.stop();
    }
  },
});

export default withExamples(command, ["counterfoil gan --data mnist --model mlp2014 --epochs 5 --out runs/gan"]);
