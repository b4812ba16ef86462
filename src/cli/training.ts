/** What `train` and `harden` share: options, the run, the report. */
import type { ArgsDef } from "citty";
import { host } from "#host";
import { sha256 } from "../base/index.ts";
import { type Dataset, scalingOf } from "../data/index.ts";
import { argmax, openClassifier } from "../model/index.ts";
import { classifier, models, preprocessed } from "../nn/index.ts";
import { write } from "../onnx/index.ts";
import {
  adam,
  adamW,
  chain,
  clipByGlobalNorm,
  constant,
  cosine,
  cyclic,
  decayedWeights,
  rmsprop,
  type Schedule,
  sgd,
  stepDecay,
  type Transform,
  warmUp,
} from "../optim/index.ts";
import { type FitOptions, fit } from "../train/index.ts";
import { splits } from "./data.ts";
import { choice, jsonArg, maybeNumber, number, runArgs, runOptions, seedOf } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";
import { writable } from "./writable.ts";

const OPTIMIZERS = ["adam", "adamw", "sgd", "rmsprop"] as const;
const SCHEDULES = ["cyclic", "cosine", "constant", "step"] as const;

export const trainingArgs = {
  data: { type: "string", description: "mnist, a folder of class folders, file.npz, file.csv", required: true },
  model: { type: "string", description: Object.keys(models).join(", "), default: "cnn" },
  epochs: { type: "string", description: "passes over the training set", default: "3" },
  output: { type: "string", alias: "o", description: "ONNX file to write", valueHint: "model.onnx" },
  out: { type: "string", description: "run folder: metrics, checkpoints (default: a new one under runs/)" },
  resume: { type: "string", description: "go on in this run folder" },
  batch: { type: "string", description: "samples a step", default: "128" },
  rate: { type: "string", description: "largest learning rate" },
  optimizer: { type: "string", description: OPTIMIZERS.join(", "), default: "adam" },
  schedule: { type: "string", description: SCHEDULES.join(", "), default: "cyclic" },
  momentum: { type: "string", description: "of sgd", default: "0.9" },
  "warm-up": { type: "string", description: "steps of linear warm-up", default: "0" },
  "weight-decay": { type: "string", description: "λ of L2 or decoupled decay (default 0; of adamw 0.01)" },
  "clip-norm": { type: "string", description: "largest joint norm of the gradient" },
  ema: { type: "string", description: "decay of averaged weights, e.g. 0.999" },
  patience: { type: "string", description: "stop after so many epochs without a better validation accuracy" },
  limit: { type: "string", description: "use only so many samples" },
  ...runArgs,
  ...jsonArg,
} as const satisfies ArgsDef;

/** What makes a run the run it is; where it runs and what it writes may change when it is resumed. */
const SETTINGS = [
  "data",
  "limit",
  "model",
  "optimizer",
  "schedule",
  "momentum",
  "warm-up",
  "weight-decay",
  "clip-norm",
  "ema",
  "patience",
] as const satisfies readonly (keyof typeof trainingArgs)[];

export type TrainingArgs = { readonly [K in keyof typeof trainingArgs]?: string | boolean };
type Texts = { readonly [K in keyof typeof trainingArgs]?: string };

function schedule(args: Texts, rate: number, steps: number): Schedule {
  const base = {
    cyclic: () => cyclic(rate, steps, 0.4),
    cosine: () => cosine(rate, steps),
    constant: () => constant(rate),
    step: () => stepDecay(rate, Math.max(1, Math.ceil(steps / 3))),
  }[choice("schedule", args.schedule, SCHEDULES)]();
  const ramp = number("warm-up", args["warm-up"], { least: 0, whole: true });
  return ramp > 0 ? warmUp(ramp, base) : base;
}

function transform(args: Texts): Transform {
  const name = choice("optimizer", args.optimizer, OPTIMIZERS);
  const decay = maybeNumber("weight-decay", args["weight-decay"], { least: 0 }) ?? (name === "adamw" ? 0.01 : 0);
  const momentum = number("momentum", args.momentum, { least: 0, most: 1 });
  const rule = { adam: () => adam(), adamw: () => adamW({ weightDecay: decay }), sgd: () => sgd({ momentum }), rmsprop: () => rmsprop() }[
    name
  ]();
  const regularized = decay > 0 && name !== "adamw" ? chain(decayedWeights(decay), rule) : rule;
  const norm = maybeNumber("clip-norm", args["clip-norm"], { above: 0 });
  return norm === undefined ? regularized : chain(clipByGlobalNorm(norm), regularized);
}

/** A new folder under runs/, named by command, model and time. */
const freshFolder = (command: string, model: string): string =>
  `runs/${command}-${model}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`;

/** Train (against an adversary, if any), judge the written file on the test set, report. */
export async function train(
  command: "train" | "harden",
  given: TrainingArgs,
  defenceIn?: (range: Dataset["range"]) => Pick<FitOptions, "adversary" | "worstCase">,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const args = given as Texts;
  const run = runOptions(args as { device: string; threads?: string });
  const seed = seedOf(args.seed);
  const epochs = number("epochs", args.epochs, { least: 1, whole: true });
  const batch = number("batch", args.batch, { least: 1, whole: true });
  const name = args.model!;
  const data = await splits(args.data!, { limit: args.limit, seed: args.seed });
  const defence = defenceIn?.(data.range);
  const layer = preprocessed(classifier(name, data.inputShape, data.classes.length, seed), scalingOf(data.train));
  const steps = epochs * Math.floor(data.train.y.length / batch);
  const rate = maybeNumber("rate", args.rate, { above: 0 }) ?? (defence?.adversary ? 5e-3 : 3e-3);
  const plan = { transform: transform(args), schedule: schedule(args, rate, steps) };
  const ema = maybeNumber("ema", args.ema, { least: 0, most: 1 });
  const patience = maybeNumber("patience", args.patience, { least: 1, whole: true });
  const folder = args.resume ?? args.out ?? freshFolder(command, name);
  const config = {
    command,
    ...Object.fromEntries(SETTINGS.map((k) => [k, args[k]])),
    epochs,
    batch,
    seed,
    rate,
    provenance: data.provenance,
    ...extra,
  };
  const path = args.output ?? `${folder}/model.onnx`;
  await writable(path);
  const bar = meter(`${command} ${name} on ${data.name}, run folder ${folder}`);
  try {
    const result = await fit(layer, data.train, data.validation, {
      ...run,
      epochs,
      batch,
      seed,
      ...plan,
      ...defence,
      ema,
      patience,
      folder,
      resume: args.resume !== undefined,
      config: JSON.parse(JSON.stringify(config)),
      signal: interruptible(),
      onWarning: say,
      onProgress: ({ epoch, index, stepsPerEpoch, metrics, step }) =>
        bar.update(
          `epoch ${epoch + 1}/${epochs}, step ${index + 1}/${stepsPerEpoch}, loss ${metrics["train/loss"]!.toFixed(4)}, accuracy ${percent(metrics["train/accuracy"]!)}`,
          step + 1,
          steps,
        ),
      onEpoch: (epoch, metrics) =>
        bar.update(`epoch ${epoch + 1}: validation accuracy ${percent(metrics["validation/accuracy"] ?? Number.NaN)}`),
    });
    const bytes = write({
      ...result.graph,
      name,
      metadata: { classes: JSON.stringify(data.classes), range: JSON.stringify(data.range), data: data.name, seed: `${seed}` },
    });
    await host.writeFile(path, bytes);
    // the file itself is judged, not the weights in memory
    const file = await openClassifier(bytes, run);
    const answers = argmax(await file.scores(data.test.x));
    await file.release();
    const right = answers.reduce((n, p, i) => n + Number(p === data.test.y[i]), 0);
    const accuracy = right / Math.max(data.test.y.length, 1);
    bar.succeed(
      `${path}: test accuracy ${percent(accuracy)} (n = ${data.test.y.length}), best epoch ${(result.best?.epoch ?? result.epochs - 1) + 1} of ${result.epochs}`,
    );
    const report = {
      command,
      model: { name, path, sha256: await sha256(bytes) },
      data: data.provenance,
      seed,
      epochs: result.epochs,
      testAccuracy: accuracy,
      n: data.test.y.length,
      runtime: result.runtime,
      folder,
      history: result.history,
      ...extra,
    };
    await host.writeFile(`${folder}/result.json`, `${JSON.stringify(report, null, 2)}\n`);
    if (given.json) printJson(report);
    return 0;
  } finally {
    bar.stop();
  }
}
