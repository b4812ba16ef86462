/**
 * Train a small network on MNIST digits, write it as ONNX, open the file as if somebody else had made it, and attack it.
 * Run: npx tsx --conditions=source examples/attack-a-model.ts
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { first, fit, load, loadSplits, nn, write } from "counterfoil";
import { attack, fgsm, linf, pgd } from "counterfoil/attack";

const digits = await loadSplits("mnist", { limit: 6_000 });
const network = nn.classifier("cnn", digits.inputShape, digits.classes.length, 0);
const { graph } = await fit(network, digits.train, digits.validation, { epochs: 1, batch: 50 });

const path = join(await mkdtemp(join(tmpdir(), "counterfoil-")), "model.onnx");
await writeFile(path, write(graph));

const model = await load(path);
const { x, y: labels } = first(digits.test, 200);
for (const chosen of [fgsm(), pgd({ steps: 20 })]) {
  const result = await attack(model, { x, labels }, { attack: chosen, norm: linf, epsilon: 0.1 });
  const fooled = result.samples.filter((s) => s.success && s.predicted === s.label);
  console.log(`${chosen.name}: accuracy ${result.cleanAccuracy} on clean digits, ${result.robustAccuracy} within ε = 0.1`);
  console.log(`  for example, digit ${fooled[0]!.index} is a ${fooled[0]!.label} and now read as a ${fooled[0]!.adversarialPredicted}`);
}
await model.release();
