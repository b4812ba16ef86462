/**
 * A network from layers, an optimiser from transformations, a training step as one graph, two moons told apart.
 * Run: npx tsx --conditions=source examples/build-a-network.ts
 */
import { fit, fold, openClassifier, seedKey, write } from "counterfoil";
import { split, toy } from "counterfoil/data";
import { batchNorm, dense, dropout, heNormal, parameterCount, relu, sequential, zeroBias } from "counterfoil/nn";
import { adamW, chain, clipByGlobalNorm, cosine, warmUp } from "counterfoil/optim";

const key = seedKey(0);
const [train, validation, test] = split(toy("moons", fold(key, "data"), 4_000), [3_000, 500, 500], fold(key, "split"));

const he = { init: heNormal, bias: zeroBias };
const network = sequential(dense(32, he), batchNorm(), relu(), dropout(0.1), dense(32, he), relu(), dense(2))([2], fold(key, "weights"));
console.log(`${parameterCount(network.params)} parameters: ${Object.keys(network.params).join(" ")}`);

const [epochs, batch] = [5, 50];
const steps = epochs * Math.floor(train!.y.length / batch);
const { graph, history, best } = await fit(network, train!, validation!, {
  epochs,
  batch,
  transform: chain(clipByGlobalNorm(1), adamW({ weightDecay: 1e-3 })),
  schedule: warmUp(20, cosine(0.01, steps)),
  ema: 0.98,
});
for (const [epoch, m] of history.entries())
  console.log(`epoch ${epoch + 1}: loss ${m["train/loss"]!.toFixed(3)}, validation accuracy ${m["validation/accuracy"]}`);

const file = await openClassifier(write(graph));
const answers = await file.labels(test!.x);
const right = answers.filter((answer, i) => answer === test!.y[i]).length;
console.log(`best epoch ${best!.epoch + 1}; the written file reads ${right} of ${answers.length} test points rightly`);
await file.release();
