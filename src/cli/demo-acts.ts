/** The acts of the demo, each through the public API: numbers out, files and pictures beside them. */
import { host } from "#host";
import { type AttackResult, attack, fgsm, linf, pgd } from "../attack/index.ts";
import { fold, seedKey, sha256 } from "../base/index.ts";
import { type Dataset, poolOf, type Splits } from "../data/index.ts";
import { answersOf, drawLatent, generatorGraph, recipe, trainGan } from "../gan/index.ts";
import { fgsmRs } from "../harden/index.ts";
import { argmax, type GradientModel, openClassifier } from "../model/index.ts";
import { classifier } from "../nn/index.ts";
import { write } from "../onnx/index.ts";
import { adam, cyclic } from "../optim/index.ts";
import { imageGrid } from "../report/index.ts";
import type { RunOptions } from "../run/index.ts";
import { fit } from "../train/index.ts";
import { certify } from "../verify/index.ts";

/** What every act is given. */
export interface Stage {
  readonly out: string;
  readonly seed: number;
  readonly run: RunOptions;
  readonly signal: AbortSignal;
  /** Tell how far the act is. */
  readonly progress: (text: string, done: number, total: number) => void;
}

/** A run folder that is already there is gone on with: a second demo, or one after Ctrl-C, does no work twice. */
const goOn = async (folder: string): Promise<boolean> => (await host.kind(`${folder}/config.json`)) === "file";

export interface TrainedModel {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly epochs: number;
  readonly testAccuracy: number;
}

/** conv16-conv32-fc100, three epochs; against FGSM with a random start where `epsilon` is given. */
export async function trainAct(stage: Stage, name: string, data: Splits, epsilon?: number): Promise<TrainedModel> {
  const { out, seed, run } = stage;
  const folder = `${out}/${name}`;
  const [epochs, batch, rate] = [3, epsilon === undefined ? 128 : 100, epsilon === undefined ? 3e-3 : 5e-3];
  const steps = epochs * Math.floor(data.train.y.length / batch);
  const result = await fit(classifier("cnn", data.inputShape, data.classes.length, seed), data.train, data.validation, {
    ...run,
    epochs,
    batch,
    seed,
    transform: adam(),
    schedule: cyclic(rate, steps, 0.4),
    adversary: epsilon === undefined ? undefined : fgsmRs({ epsilon }),
    folder,
    resume: await goOn(folder),
    config: {
      model: "cnn",
      n: data.train.y.length,
      epochs,
      batch,
      rate,
      seed,
      ...(epsilon !== undefined && { method: "fgsm-rs", epsilon }),
    },
    signal: stage.signal,
    onProgress: ({ epoch, step, metrics }) =>
      stage.progress(`epoch ${epoch + 1} of ${epochs}, accuracy ${(100 * metrics["train/accuracy"]!).toFixed(0)} %`, step + 1, steps),
  });
  const bytes = write({ ...result.graph, name, metadata: { classes: JSON.stringify(data.classes), data: data.name, seed: `${seed}` } });
  const path = `${out}/${name}.onnx`;
  await host.writeFile(path, bytes);
  const file = await openClassifier(bytes, run);
  const answers = argmax(await file.scores(data.test.x));
  await file.release();
  const right = answers.reduce((n, p, i) => n + Number(p === data.test.y[i]), 0);
  return { path, sha256: await sha256(bytes), bytes, epochs: result.epochs, testAccuracy: right / data.test.y.length };
}

export interface Curve {
  readonly model: string;
  readonly attack: string;
  readonly points: readonly (readonly [epsilon: number, accuracy: number])[];
}

/** Accuracy under FGSM and PGD-40 against ε. Also the PGD result at the last ε, with its pictures. */
export async function attackAct(
  stage: Stage,
  model: string,
  victim: GradientModel,
  data: Dataset,
  epsilons: readonly number[],
): Promise<{ curves: Curve[]; strongest: AttackResult }> {
  const attacks = { fgsm: fgsm(), "pgd-40": pgd({ steps: 40 }) };
  const n = data.y.length;
  const total = epsilons.length * Object.keys(attacks).length * n;
  const curves: Curve[] = [];
  let done = 0;
  let strongest: AttackResult | undefined;
  for (const [name, chosen] of Object.entries(attacks)) {
    const points: [number, number][] = [];
    for (const epsilon of epsilons) {
      strongest = await attack(
        victim,
        { x: data.x, labels: data.y },
        {
          ...stage.run,
          attack: chosen,
          norm: linf,
          epsilon,
          seed: stage.seed,
          range: data.range,
          signal: stage.signal,
          onProgress: (k) => stage.progress(`${name}, ε = ${epsilon}`, done + k, total),
        },
      );
      points.push([epsilon, strongest.robustAccuracy]);
      done += n;
    }
    curves.push({ model, attack: name, points });
  }
  return { curves, strongest: strongest! };
}

export interface Bounds {
  readonly model: string;
  readonly epsilon: number;
  readonly n: number;
  /** Proven by CROWN: no attack gets below. */
  readonly certified: number;
  /** Left by PGD-40: no proof gets above. */
  readonly attacked: number;
}

/** The certificate's lower bound and the attack's upper bound on the same samples. */
export async function certifyAct(
  stage: Stage,
  model: string,
  victim: GradientModel,
  data: Dataset,
  epsilons: readonly number[],
): Promise<Bounds[]> {
  const n = data.y.length;
  const found: Bounds[] = [];
  for (const [i, epsilon] of epsilons.entries()) {
    const result = await certify(
      victim,
      { x: data.x, labels: data.y },
      {
        ...stage.run,
        epsilon,
        method: "crown",
        range: data.range,
        seed: stage.seed,
        signal: stage.signal,
        onProgress: (k) => stage.progress(`CROWN, ε = ${epsilon}`, i * n + k, epsilons.length * n),
      },
    );
    found.push({ model, epsilon, n, certified: result.certifiedAccuracy, attacked: result.attackedAccuracy });
  }
  return found;
}

export interface Forged {
  readonly path: string;
  readonly sha256: string;
  /** PNG files, by epoch; 0 is before training. */
  readonly samples: readonly { readonly epoch: number; readonly path: string }[];
  readonly history: readonly Readonly<Record<string, number>>[];
  readonly steps: number;
}

/** The networks of 2014 forge digits. */
export async function ganAct(stage: Stage, data: Splits, images: number, epochs: number): Promise<Forged> {
  const { out, seed } = stage;
  const pool = { ...poolOf(data.train), size: images };
  const gan = recipe(pool, { model: "maxout2014", key: seedKey(seed) });
  const folder = `${out}/gan`;
  const picture = (epoch: number) => `${folder}/samples/epoch-${String(epoch).padStart(3, "0")}.png`;
  const perEpoch = Math.floor(images / gan.batch);
  const latent = drawLatent(gan, 36, fold(seedKey(seed), "samples"));
  const each = trainGan(gan, pool, {
    ...stage.run,
    steps: epochs * perEpoch,
    every: perEpoch,
    seed,
    folder,
    resume: await goOn(folder),
    config: { model: "maxout2014", epochs, images, seed },
    signal: stage.signal,
    async onLook({ step, generator }) {
      const samples = await answersOf(generator, latent, stage.run);
      await host.writeFile(picture(step / perEpoch), await host.encodePng(imageGrid(samples, { scale: 2, gap: 2 })));
      return {};
    },
  });
  let next = await each.next();
  for (; !next.done; next = await each.next()) {
    const { epoch, step, metrics } = next.value;
    stage.progress(
      `epoch ${epoch + 1} of ${epochs}, discriminator right on ${(100 * metrics["discriminator/accuracy-real"]!).toFixed(0)} % of real, ${(100 * metrics["discriminator/accuracy-fake"]!).toFixed(0)} % of forged`,
      step + 1,
      epochs * perEpoch,
    );
  }
  const { generator, history, steps } = next.value;
  const bytes = write(generatorGraph(generator));
  const path = `${out}/generator.onnx`;
  await host.writeFile(path, bytes);
  return {
    path,
    sha256: await sha256(bytes),
    samples: Array.from({ length: epochs + 1 }, (_, epoch) => ({ epoch, path: picture(epoch) })),
    history,
    steps,
  };
}
