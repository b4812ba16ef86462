import { defineCommand } from "citty";
import { host } from "#host";
import { fail } from "../base/index.ts";
import { first, loadSplits } from "../data/index.ts";
import { openClassifier } from "../model/index.ts";
import { attackAct, certifyAct, ganAct, type Stage, trainAct } from "./demo-acts.ts";
import { type DemoReport, demoPage, panels, pictureOf } from "./demo-page.ts";
import { jsonArg, maybeNumber, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson } from "./output.ts";

/** L∞ radii: those of the curves, and those small enough to be proven. */
const EPSILONS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3];
const SMALL = [0.01, 0.02, 0.05, 0.1];

/** The stage of one of two equal parts of an act. */
const halfOf = (stage: Stage, part: 0 | 1): Stage => ({
  ...stage,
  progress: (text, done, total) => stage.progress(text, part * total + done, 2 * total),
});

const command = defineCommand({
  meta: { name: "demo", description: "Train, attack, harden, certify and forge real MNIST digits; write a page about it." },
  args: {
    out: { type: "string", description: "folder for models, pictures, demo.json and index.html", default: "runs/demo" },
    limit: { type: "string", description: "train on only so many digits, and evaluate on a tenth as many" },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const start = performance.now();
    const [out, run, seed] = [args.out, runOptions(args), seedOf(args.seed)];
    const limit = maybeNumber("limit", args.limit, { least: 500, whole: true });
    const signal = interruptible();
    const data = await loadSplits("mnist", { seed, limit });
    const test = first(data.test, Math.min(1000, Math.ceil((limit ?? Number.POSITIVE_INFINITY) / 10)));
    const few = first(test, Math.ceil(test.y.length / 10));

    /** One act under its own progress line. */
    async function act<T>(title: string, play: (stage: Stage) => Promise<T>, sum: (result: T) => string): Promise<T> {
      const bar = meter(title);
      try {
        const result = await play({
          out,
          seed,
          run,
          signal,
          progress: (text, done, total) => bar.update(`${title}: ${text}`, done, total),
        });
        bar.succeed(`${title}: ${sum(result)}`);
        return result;
      } catch (error) {
        if (!signal.aborted) throw error;
        return fail({
          code: "interrupted",
          expected: "six acts",
          got: `an interruption in “${title}”`,
          mend: "run the same command again: it goes on from there",
          cause: error,
        });
      } finally {
        bar.stop();
      }
    }

    const standard = await act(
      "1/6 a network learns to read",
      (s) => trainAct(s, "standard", data),
      (r) => `${percent(r.testAccuracy)} of the test digits`,
    );
    const epsilon = EPSILONS.at(-1)!;
    const victim = await openClassifier(standard.bytes, run);
    const attacked = await act(
      "2/6 it is attacked",
      (s) => attackAct(s, "standard", victim, test, EPSILONS),
      (r) => `${percent(r.strongest.robustAccuracy)} left under PGD-40 at ε = ${epsilon}`,
    );
    const hardened = await act(
      "3/6 another learns to withstand",
      (s) => trainAct(s, "hardened", data, epsilon),
      (r) => `${percent(r.testAccuracy)} of the test digits`,
    );
    const defender = await openClassifier(hardened.bytes, run);
    const held = await act(
      "4/6 it is attacked as well",
      (s) => attackAct(s, "hardened", defender, test, EPSILONS),
      (r) => `${percent(r.strongest.robustAccuracy)} left under PGD-40 at ε = ${epsilon}`,
    );
    const bounds = await act(
      "5/6 small perturbations are ruled out",
      async (s) => [
        ...(await certifyAct(halfOf(s, 0), "standard", victim, few, SMALL)),
        ...(await certifyAct(halfOf(s, 1), "hardened", defender, few, SMALL)),
      ],
      (r) => r.map((b) => `${b.model} ε = ${b.epsilon} ${percent(b.certified)}`).join(", "),
    );
    await victim.release();
    await defender.release();
    const gan = await act(
      "6/6 two networks play until noise looks like digits",
      (s) => ganAct(s, data, Math.min(40_000, data.train.y.length), 5),
      (r) => `${r.steps} steps`,
    );

    const shown = panels(test, attacked.strongest, held.strongest);
    const picture = await pictureOf(shown, epsilon);
    const file = ({ path, sha256, epochs, testAccuracy }: typeof standard) => ({ path, sha256, epochs, testAccuracy });
    const report: DemoReport = {
      seed,
      runtime: victim.runtime,
      seconds: (performance.now() - start) / 1000,
      epsilon,
      models: { standard: file(standard), hardened: file(hardened) },
      curves: [...attacked.curves, ...held.curves],
      bounds,
      gan,
    };
    await host.writeFile(`${out}/demo.json`, `${JSON.stringify({ ...report, data: data.provenance }, null, 2)}\n`);
    await host.writeFile(`${out}/picture.svg`, picture);
    await host.writeFile(`${out}/index.html`, await demoPage(report, picture));
    process.stderr.write(`${out}/index.html shows it all, ${out}/demo.json has every number (${Math.round(report.seconds)} s)\n`);
    if (args.json) printJson(report);
    return 0;
  },
});

export default withExamples(command, ["counterfoil demo", "counterfoil demo --out runs/demo --seed 1"]);
