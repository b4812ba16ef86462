/**
 * Train the same network twice, once against FGSM with a random start, and ask of both: how many digits does an attack
 * turn, and of how many do IBP and CROWN prove that none can?
 * Run: npx tsx --conditions=source examples/harden-and-certify.ts
 */
import { first, fit, loadSplits, nn, openClassifier, seedKey, write } from "counterfoil";
import { fgsmRs } from "counterfoil/harden";
import { certify } from "counterfoil/verify";

const epsilon = 0.04;
const digits = await loadSplits("mnist", { limit: 6_000 });
const { x, y: labels } = first(digits.test, 50);
const small = nn.sequential(nn.flatten(), nn.dense(50), nn.relu(), nn.dense(10));

for (const [name, adversary] of Object.entries({ standard: undefined, hardened: fgsmRs({ epsilon: 0.05 }) })) {
  const network = small(digits.inputShape, seedKey(0));
  const { graph } = await fit(network, digits.train, digits.validation, { epochs: 3, batch: 50, adversary });
  const model = await openClassifier(write(graph));
  for (const method of ["ibp", "crown"] as const) {
    const { certifiedAccuracy, attackedAccuracy } = await certify(model, { x, labels }, { epsilon, method });
    console.log(`${name}, ${method}: ${certifiedAccuracy} ≤ accuracy within ε = ${epsilon} ≤ ${attackedAccuracy}`);
  }
  await model.release();
}
