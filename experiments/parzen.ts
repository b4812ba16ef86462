/**
 * The digits of 2014: Goodfellow et al.'s networks, training and Parzen windows on MNIST. `npx tsx --conditions=source experiments/parzen.ts` → parzen.json, parzen.md
 * Resumes in runs/parzen.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { seedKey } from "../src/base/index.ts";
import { gather, mnist, poolOf } from "../src/data/index.ts";
import { parzen, recipe, sourceOf, trainGan } from "../src/gan/index.ts";
import { table } from "./rows.ts";

const EPOCHS = Number(process.env.EPOCHS ?? 150);
/** Passes between measurements. */
const EVERY = 10;
/** As the protocol has it: the first 50,000 training images to learn from, the next 1,000 to choose σ on. */
const LEARNT = 50_000;
const SAMPLES = 10_000;
const FOLDER = "runs/parzen";
const run = { threads: Number(process.env.THREADS ?? 1) };
const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);

const all = poolOf(await mnist("train"));
const train = { ...all, size: LEARNT };
const validation = gather(all, range(LEARNT, LEARNT + 1_000)).x;
const test = gather(poolOf(await mnist("test")), range(0, 10_000)).x;
const gan = recipe(train, { model: "maxout2014", key: seedKey(0) });
const perEpoch = LEARNT / gan.batch;
const path = new URL("./parzen.json", import.meta.url);
interface Point {
  readonly epochs: number;
  readonly logLikelihood: number;
  readonly error: number;
  readonly sigma: number;
}
const course: Point[] = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).course : [];
const yardsticks: Record<string, Point> = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).yardsticks : {};
const save = () => writeFileSync(path, `${JSON.stringify({ course, yardsticks }, null, 1)}\n`);

const measure = async (samples: typeof test, epochs: number): Promise<Point> => {
  const { logLikelihood, error, sigma } = await parzen(samples, validation, test, run);
  return { epochs, logLikelihood, error, sigma };
};
if (!yardsticks.ceiling) {
  yardsticks.ceiling = await measure(gather(all, range(0, SAMPLES)).x, 0);
  const ones = range(0, LEARNT).filter((i) => all.label(i) === 1);
  yardsticks.one = await measure(
    gather(
      all,
      Uint32Array.from({ length: SAMPLES }, (_, i) => ones[i % ones.length]!),
    ).x,
    0,
  );
  save();
}
if (course.at(-1)?.epochs !== EPOCHS) {
  const each = trainGan(gan, train, {
    ...run,
    steps: EPOCHS * perEpoch,
    every: perEpoch,
    folder: FOLDER,
    resume: existsSync(`${FOLDER}/config.json`),
    config: { experiment: "parzen", steps: EPOCHS * perEpoch },
    onLook: async (look) => {
      const epochs = look.step / perEpoch;
      if (epochs === 0 || epochs % EVERY !== 0 || course.some((p) => p.epochs === epochs)) return {};
      const { x } = await sourceOf(gan, look, run).sample(SAMPLES, 0);
      course.push(await measure(x, epochs));
      save();
      console.log(JSON.stringify(course.at(-1)));
      return {};
    },
  });
  for (let next = await each.next(); !next.done; next = await each.next())
    if (next.value.step % perEpoch === 0)
      console.log(`epoch ${next.value.step / perEpoch} of ${EPOCHS}, ${Math.ceil(next.value.secondsLeft / 60)} min left`);
}
const row = (name: string, p: Point, published: string) => [
  name,
  p.epochs || "–",
  p.sigma.toFixed(3),
  `${p.logLikelihood.toFixed(1)} ± ${p.error.toFixed(1)}`,
  published,
];
writeFileSync(
  new URL("./parzen.md", import.meta.url),
  `# Parzen windows on MNIST

Networks, training and protocol of Goodfellow et al. 2014 (arXiv:1406.2661) and its code: batch 100 of the first 50,000 images, both networks moved at once, SGD from 0.1; 10,000 samples, σ chosen on 1,000 images, log-likelihood of 10,000 test
images in nats (± standard error over them). Published: 225 ± 2, at a number of passes that is not told. Regenerate: \`npx tsx --conditions=source experiments/parzen.ts\` (resumes in ${FOLDER}).

${table(
  ["samples", "passes over the data", "σ", "log-likelihood", "published"],
  [
    ...course.map((p) => row("the generator", p, "225 ± 2")),
    row("10,000 training images: the ceiling", yardsticks.ceiling, "243.6 ± 2.1 (numpy)"),
    row("images of the digit 1 only: collapsed", yardsticks.one!, "−97.8 ± 1.8 (numpy)"),
  ],
)}
`,
);
console.log("experiments/parzen.md");
