/**
 * The ladder of Madry et al. 2017 (arXiv:1706.06083, Table 1) on one adversarially trained MNIST model: the same model looks less robust the better it is
 * attacked. Also accuracy against ε.
 *   npx tsx --conditions=source experiments/ladder.ts
 * Trains `cnn` as Wong et al. 2020 (arXiv:2001.03994, §5.1) do: FGSM from a random start, one cycle up to 0.005, 10 epochs (or takes MODEL=file.onnx), then attacks the first 1,000 test digits. Writes experiments/ladder.json and .md.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { attack, fgsm, linf, pgd } from "counterfoil/attack";
import { audit, inFolder } from "counterfoil/audit";
import { first, loadSplits } from "counterfoil/data";
import { fgsmRs } from "counterfoil/harden";
import { openClassifier } from "counterfoil/model";
import { classifier } from "counterfoil/nn";
import { write } from "counterfoil/onnx";
import { cyclic } from "counterfoil/optim";
import { fit } from "counterfoil/train";

const EPSILON = 0.3;
const N = Number(process.env.N ?? 1_000);
const EPOCHS = 10;
const FOLDER = "runs/ladder";
const file = process.env.MODEL ?? `${FOLDER}/model.onnx`;
const say = (text: string) => process.stderr.write(`${text}\n`);
const percent = (v: number) => `${(100 * v).toFixed(1)} %`;

const digits = await loadSplits("mnist");
const units = await inFolder(FOLDER, { n: N, epsilon: EPSILON, file });
if (!existsSync(file)) {
  const layer = classifier("cnn", digits.inputShape, 10, 0);
  const { graph } = await fit(layer, digits.train, digits.validation, {
    epochs: EPOCHS,
    batch: 100,
    schedule: cyclic(5e-3, EPOCHS * Math.floor(digits.train.y.length / 100), 0.4),
    adversary: fgsmRs({ epsilon: EPSILON }),
    onProgress: ({ epoch, step }) => step % 100 === 0 && say(`epoch ${epoch + 1} of ${EPOCHS}, step ${step}`),
  });
  writeFileSync(file, write(graph));
}
const model = await openClassifier(new Uint8Array(readFileSync(file)));
const { x, y: labels } = first(digits.test, N);
const data = { x, labels };
const options = { norm: linf, epsilon: EPSILON, batch: 250 };

const under = async (name: string, steps: number, restarts: number) => {
  const chosen = steps === 1 ? fgsm() : pgd({ steps, relativeStep: steps === 40 ? 0.01 / EPSILON : 2.5 / steps });
  const { robustAccuracy, cleanAccuracy } = await attack(model, data, { ...options, attack: chosen, restarts });
  say(`${name}: ${percent(robustAccuracy)}`);
  return [name, robustAccuracy, cleanAccuracy] as const;
};
const ladder = [await under("FGSM", 1, 1), await under("PGD-40", 40, 1), await under("PGD-100 × 20", 100, 20)];
const twice = await under("PGD-200 × 20", 200, 20);
const report = await audit(model, data, {
  epsilon: EPSILON,
  units,
  onProgress: (what, done, total, left) => say(`${what}: ${done} of ${total}${left === undefined ? "" : `, ${left} stand`}`),
});
await units.close();
const clean = ladder[0]![2];
const steps = [["clean", clean], ...ladder.map(([name, accuracy]) => [name, accuracy]), [report.ensemble.name, report.robustAccuracy]] as [
  string,
  number,
][];
const falls = (points: readonly (readonly [unknown, number])[]) => points.every(([, a], i) => i === 0 || a <= points[i - 1]![1] + 1e-9);

const wide = await attack(model, data, { ...options, attack: pgd({ steps: 100 }), epsilon: 0.5 });
const MADRY = ["98.8 %", "95.6 %", "93.2 %", "89.3 %", "88.5 % (AutoAttack)"];
const table = [
  "# The ladder on one adversarially trained model",
  "",
  `Made by \`npx tsx --conditions=source experiments/ladder.ts\`: \`cnn\` trained with FGSM from a random start (Wong et al. 2020; L∞, ε = ${EPSILON}, ${EPOCHS} epochs), first ${N} test digits. Madry et al.'s network is another, and larger.`,
  "",
  "| attack | robust accuracy | Madry et al. 2017, their model |",
  "|---|---|---|",
  ...steps.map(([name, accuracy], i) => `| ${name} | ${percent(accuracy)} | ${MADRY[i]} |`),
  "",
  `Falling from rung to rung: ${falls(steps) ? "yes" : "no"}. Twice the steps, PGD-200 × 20: ${percent(twice[1])}, a difference of ${(100 * Math.abs(twice[1] - ladder[2]![1])).toFixed(1)} points.`,
  "",
  "| ε | accuracy under APGD-CE |",
  "|---|---|",
  ...report.againstEpsilon!.map(([e, a]) => `| ${Number(e.toPrecision(3))} | ${percent(a)} |`),
  `| 0.5 (PGD-100) | ${percent(wide.robustAccuracy)} |`,
  "",
  `Falling with ε: ${falls(report.againstEpsilon!) ? "yes" : "no"}. Checks that failed: ${
    report.verdicts
      .filter((v) => v.status === "fail")
      .map((v) => v.check)
      .join(", ") || "none"
  }.`,
  "",
].join("\n");
writeFileSync(new URL("ladder.md", import.meta.url), table);
const { adversarial: _, samples: __, ...rest } = report;
writeFileSync(
  new URL("ladder.json", import.meta.url),
  `${JSON.stringify({ ladder: steps, twice: twice[1], wide: wide.robustAccuracy, report: rest }, null, 1)}\n`,
);
say(table);
await model.release();
process.exitCode =
  falls(steps) && falls(report.againstEpsilon!) && wide.robustAccuracy === 0 && Math.abs(twice[1] - ladder[2]![1]) < 0.005 ? 0 : 1;
