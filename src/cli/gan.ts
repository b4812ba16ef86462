import { defineCommand } from "citty";
import { host } from "#host";
import { CounterfoilError, fail, fold, seedKey, sha256 } from "../base/index.ts";
import { loadPools } from "../data/index.ts";
import {
  answersOf,
  diagnose,
  drawLatent,
  evaluateGan,
  everyOf,
  FEWEST,
  type Look,
  observer,
  recipe,
  sourceOf,
  trainGan,
} from "../gan/index.ts";
import { lastState } from "../train/index.ts";
import { card } from "./gan-card.ts";
import { gameArgs, gameConfig, gameOptions } from "./gan-game.ts";
import { saveNetworks } from "./gan-networks.ts";
import { film, finalSheets, sheetOf, sheetPath } from "./gan-sheets.ts";
import { courseOf, memoryIn, metricsOf, sayVerdicts, summary } from "./gan-watch.ts";
import { jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";

const command = defineCommand({
  meta: { name: "gan", description: "Train a generator against a discriminator." },
  args: {
    data: {
      type: "string",
      description: "ring8, grid25, swiss-roll, mnist, stacked-mnist, toy:…, a folder of pictures or of class folders, file.npz, file.csv",
      required: true,
    },
    resolution: {
      type: "string",
      description: "side of a folder's pictures: 8, 16, 32, 64 or 128 (default: what enlarges none, at most 64)",
    },
    strict: { type: "boolean", description: "stop at a picture that cannot be read, instead of leaving it out", default: false },
    ...gameArgs,
    steps: { type: "string", description: "moves of the generator (default: 10000 for vectors, 4000 for pictures)" },
    every: { type: "string", description: "steps between samples, and between checkpoints" },
    out: { type: "string", description: "run folder: generator, samples, metrics, checkpoints", default: "runs/gan" },
    resume: { type: "string", description: "go on in this run folder, or in that of --out" },
    from: { type: "string", description: "begin with the state of this run folder's last checkpoint: at a lower rate, or after its end" },
    samples: { type: "string", description: "samples drawn at each look (default: 100 pictures, 1000 points)" },
    measure: { type: "string", description: "samples that the result is measured on; 0: none", default: "5000" },
    limit: { type: "string", description: "use only so many samples" },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const whole = (name: "steps" | "samples" | "every" | "limit") => maybeNumber(name, args[name], { least: 1, whole: true });
    const [every, limit] = [whole("every"), whole("limit")];
    const measured = number("measure", args.measure, { least: 0, whole: true });
    if (measured > 0 && measured < FEWEST)
      fail({
        code: "option-number",
        expected: `--measure of ${FEWEST} or more, or 0`,
        got: `${measured}`,
        mend: "measure on more samples, or not at all",
      });
    const options = gameOptions(args);
    const resolution = maybeNumber("resolution", args.resolution, { least: 1, whole: true });
    const pools = await loadPools(args.data, {
      seed,
      strict: args.strict,
      onWarning: say,
      ...(limit && { limit }),
      ...(resolution && { resolution }),
    });
    const { train } = pools;
    const samples = whole("samples") ?? (train.shape.length === 3 ? 100 : 1_000);
    const steps = whole("steps") ?? (train.shape.length === 3 ? 4_000 : 10_000);
    const gan = recipe(train, { key: seedKey(seed), steps, ...options });
    const folder = args.resume ?? args.out;
    const from = args.from === undefined ? undefined : await lastState(args.from, say);
    const latent = drawLatent(gan, samples, fold(seedKey(seed), "samples"));
    const watch = await observer(gan, pools, { seed, memory: memoryIn(folder), ...run });
    const pace = every ?? everyOf(gan, train);
    const draw = sheetOf(train);
    const saved = (now: Pick<Look, "generator" | "discriminator">) =>
      saveNetworks(folder, gan, now, train, args.data, { seed, limit: limit ?? null });
    const show = async (look: Look): Promise<Record<string, number>> => {
      if (draw) {
        const made = await answersOf(look.generator, latent, run);
        await host.writeFile(sheetPath(folder, look.step), await host.encodePng(draw(made)));
      }
      const seen = metricsOf(await watch.observe(look));
      // what there is of a run that is cut short, or runs away
      if (look.step > 0) await saved(look);
      return seen;
    };
    const signal = interruptible();
    const bar = meter(`gan on ${train.name}, run folder ${folder}`);
    try {
      const each = trainGan(gan, train, {
        ...run,
        steps,
        every: pace,
        seed,
        folder,
        resume: args.resume !== undefined,
        ...(from && { from }),
        config: {
          command: "gan",
          data: args.data,
          limit: args.limit ?? null,
          resolution: args.resolution ?? null,
          ...gameConfig(args, gan),
          ...(from && { from: args.from }),
          steps,
          every: pace,
          samples,
          seed,
          provenance: train.provenance,
        },
        signal,
        onWarning: say,
        onLook: show,
      });
      let next = await each.next();
      const first = next.done ? 0 : next.value.step;
      for (; !next.done; next = await each.next()) {
        const { step, metrics: m } = next.value;
        bar.update(
          `step ${step + 1}/${steps}, D loss ${m["discriminator/loss"]!.toFixed(3)}, G loss ${m["generator/loss"]!.toFixed(3)}, D accuracy ${percent(m["discriminator/accuracy-real"]!)} real ${percent(m["discriminator/accuracy-fake"]!)} fake`,
          step + 1 - first,
          steps - first,
        );
      }
      const result = next.value;
      await film(folder);
      await finalSheets(folder, gan, train, result.generator, latent, run);
      const bytes = await saved(result);
      const last = result.history.at(-1)!;
      bar.succeed(
        `${folder}: D accuracy ${percent(last["discriminator/accuracy-real"]!)} on real, ${percent(last["discriminator/accuracy-fake"]!)} on generated`,
      );
      const few = pools.test.size < FEWEST;
      if (few && measured > 0) say(`  only looked at, not measured: ${pools.test.size} samples are held out, fewer than ${FEWEST}`);
      const evaluation =
        measured === 0 || few
          ? null
          : await evaluateGan(sourceOf(gan, result, run), pools, {
              n: measured,
              seed,
              ...run,
              signal,
              onProgress: (what) => bar.update(`measuring: ${what}`),
            });
      const verdicts = diagnose(courseOf(result, watch.floor, pace, evaluation));
      const report = {
        command: "gan",
        model: args.model ?? null,
        generator: { path: `${folder}/generator.onnx`, sha256: await sha256(bytes) },
        data: train.provenance,
        seed,
        steps: result.steps,
        runtime: result.runtime,
        history: result.history,
        evaluation,
        verdicts,
      };
      if (evaluation) say(`  ${summary(evaluation)}`);
      sayVerdicts(verdicts);
      const about = { gan, data: train, steps: result.steps, seed, runtime: result.runtime, report: evaluation, verdicts };
      const command = `counterfoil ${process.argv.slice(2).join(" ")}`;
      await host.writeFile(
        `${folder}/README.md`,
        card({ ...about, command, generator: { sha256: report.generator.sha256, bytes: bytes.length } }),
      );
      await host.writeFile(`${folder}/result.json`, `${JSON.stringify(report, null, 2)}\n`);
      if (args.json) printJson(report);
      return 0;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError")
        fail({
          code: "interrupted",
          expected: "the training to be measured",
          got: "an interruption after its end",
          mend: `measure it with --resume ${folder}`,
        });
      if (!(error instanceof CounterfoilError)) throw error;
      // what there is to see of a run that was cut short
      if (/^(interrupted|diverged)$/.test(error.code)) await film(folder);
      const onward: Readonly<Record<string, string>> = {
        diverged: `; a new run begins there with --from ${folder}, for example at a lower --rate`,
        "run-differs": `, which may begin where this one is: --from ${folder}`,
      };
      const { code, expected, got, mend } = error;
      throw onward[code] ? new CounterfoilError({ code, expected, got, mend: `${mend}${onward[code]}`, cause: error }) : error;
    } finally {
      bar.stop();
      await watch.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil gan --data ring8 --steps 5000 --out runs/ring",
  "counterfoil gan --data mnist --model dcgan --steps 4000 --out runs/digits",
  "counterfoil gan --data photos/ --resolution 32 --steps 20000 --out runs/photos",
  "counterfoil gan --data mnist --model dcgan --loss wasserstein-gp --steps 4000 --out runs/wgan",
]);
