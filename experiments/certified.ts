/**
 * How much is left between attack and proof: on a network that was trained to be certified (interval bounds, Gowal et al. 2018, arXiv:1810.12715), on one
 * hardened against attacks only, and on one that was neither.
 *   npx tsx --conditions=source experiments/certified.ts
 * Trains `cnn` on interval bounds at ε = 0.1 into runs/certified, unless it is there, and certifies test digits with every method. Goes on where it was.
 * Writes experiments/certified.json and .md.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadData, loadSplits } from "counterfoil/data";
import { ibpTraining } from "counterfoil/harden";
import { openClassifier } from "counterfoil/model";
import { classifier } from "counterfoil/nn";
import { write } from "counterfoil/onnx";
import { fit } from "counterfoil/train";
import { certify } from "counterfoil/verify";
import { measured, processorSeconds, table } from "./rows.ts";

interface Subject {
  readonly name: string;
  readonly file: string;
  readonly epsilons: readonly number[];
  readonly samples: number;
  /** Samples of a row. */
  readonly each: number;
  /** Seconds of search a sample. */
  readonly timeout: number;
}

const TRAINED = "runs/certified/model.onnx";
const SUBJECTS: readonly Subject[] = [
  { name: "interval bounds, ε = 0.1", file: TRAINED, epsilons: [0.1], samples: 1_000, each: 100, timeout: 5 },
  { name: "attacks, ε = 0.3", file: "test/golden/attacks/at.onnx", epsilons: [0.1, 0.2], samples: 100, each: 25, timeout: 5 },
  { name: "nothing", file: "test/golden/attacks/std.onnx", epsilons: [0.02, 0.05, 0.1], samples: 100, each: 25, timeout: 5 },
];
const EPOCHS = 12;

if (!process.argv.includes("--row") && !existsSync(TRAINED)) {
  mkdirSync("runs/certified", { recursive: true });
  const digits = await loadSplits("mnist");
  const { graph } = await fit(classifier("cnn", digits.inputShape, 10, 0), digits.train, digits.validation, {
    epochs: EPOCHS,
    batch: 100,
    worstCase: ibpTraining({ epsilon: 0.1 }),
    onEpoch: (epoch, { "validation/accuracy": accuracy }) => console.log(`epoch ${epoch + 1} of ${EPOCHS}: ${accuracy}`),
  });
  writeFileSync(TRAINED, write(graph));
}

interface Row {
  readonly n: number;
  readonly clean: number;
  /** Certified by each method, with those before it. */
  readonly ibp: number;
  readonly crown: number;
  readonly complete: number;
  /** Not turned: by PGD, and by the search as well. */
  readonly pgd: number;
  readonly attacked: number;
  readonly seconds: number;
}

const keyOf = (s: Subject, epsilon: number, from: number) => `${s.name} | ${epsilon} | ${from}`;
const keys = SUBJECTS.flatMap((s) =>
  s.epsilons.flatMap((epsilon) => Array.from({ length: s.samples / s.each }, (_, k) => keyOf(s, epsilon, k * s.each))),
);

const rows = await measured<Row>("certified", keys, async (key) => {
  const [name, epsilon, from] = key.split(" | ") as [string, string, string];
  const { file, each, timeout } = SUBJECTS.find((s) => s.name === name)!;
  const { x, y } = await loadData("mnist:test", { limit: Number(from) + each });
  const some = {
    x: { ...x, shape: [each, ...x.shape.slice(1)], data: x.data.slice((-each * x.data.length) / y.length) },
    labels: y.slice(-each),
  };
  const model = await openClassifier(new Uint8Array(readFileSync(file)), { threads: 1 });
  const { samples } = await certify(model, some, { epsilon: Number(epsilon), method: "complete", timeout, threads: 1 });
  const count = (ok: (s: (typeof samples)[number]) => boolean) => samples.filter(ok).length;
  const proven = (...by: (string | null)[]) => count((s) => s.status === "certified" && by.includes(s.by));
  return {
    n: samples.length,
    clean: count((s) => s.predicted === s.label),
    ibp: proven("ibp"),
    crown: proven("ibp", "crown"),
    complete: proven("ibp", "crown", "complete"),
    pgd: count((s) => s.status !== "falsified" || s.by === "complete"),
    attacked: count((s) => s.status !== "falsified"),
    seconds: processorSeconds(),
  };
});

const percent = (v: number) => `${(100 * v).toFixed(1)} %`;
const lines = SUBJECTS.flatMap((s) =>
  s.epsilons.map((epsilon) => {
    const own = keys.filter((k) => k.startsWith(keyOf(s, epsilon, 0).slice(0, -1))).flatMap((k) => rows.get(k) ?? []);
    const sum = (of: (r: Row) => number) => own.reduce((a, r) => a + of(r), 0);
    const n = sum((r) => r.n);
    const share = (of: (r: Row) => number) => percent(sum(of) / n);
    return [
      s.name,
      epsilon,
      n,
      share((r) => r.clean),
      share((r) => r.ibp),
      share((r) => r.crown),
      share((r) => r.complete),
      share((r) => r.attacked),
      share((r) => r.pgd),
      share((r) => r.attacked - r.complete),
      (sum((r) => r.seconds) / n).toFixed(2),
    ];
  }),
);
const text = [
  "# Between proof and attack",
  "",
  `Made by \`npx tsx --conditions=source experiments/certified.ts\`: MNIST, L∞, the first test digits. The network trained on interval bounds is \`cnn\` (${EPOCHS} epochs, batch 100, ε up to 0.1, κ down to 0.5); the others are \`at.onnx\` and \`std.onnx\` of test/golden/attacks. Accuracies are shares of all samples: certified by interval bounds, by those or CROWN, by those or a search of ${SUBJECTS[0]!.timeout} s for a sample (of the other two networks fewer samples, as many of theirs use it up). Attacked: what neither PGD-40 nor the search has turned. Seconds are processor time of one thread, start included; the limit of the search is time on the clock, and other work shared the two cores.`,
  "",
  table(["trained against", "ε", "n", "natural", "IBP", "CROWN", "complete", "attacked", "PGD alone", "undecided", "s a sample"], lines),
  "",
  "Of networks that were not trained to be certified the search leaves much open where ε is large, and their true accuracy lies somewhere between; interval bounds alone prove nothing of them.",
  "",
];
writeFileSync(new URL("./certified.md", import.meta.url), text.join("\n"));
