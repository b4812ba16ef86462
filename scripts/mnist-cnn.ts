/** Makes models/mnist-cnn.onnx, the network whose features and classes generated digits are judged by: `npx tsx --conditions=source scripts/mnist-cnn.ts` */
import { writeFile } from "node:fs/promises";
import { fold, seedKey, sha256 } from "../src/base/index.ts";
import { loadSplits } from "../src/data/index.ts";
import { openClassifier } from "../src/model/index.ts";
import { batchNorm, conv, dense, flatten, inferenceGraph, marked, relu, sequential } from "../src/nn/index.ts";
import { write } from "../src/onnx/index.ts";
import { fit } from "../src/train/index.ts";

const EPOCHS = 12;
const run = { threads: 2 } as const;
const spec = sequential(
  conv(16, 5, { stride: 2, pad: 2 }),
  batchNorm(),
  relu(),
  conv(32, 3, { stride: 2, pad: 1 }),
  batchNorm(),
  relu(),
  conv(64, 3, { pad: 1, stride: 2 }),
  batchNorm(),
  relu(),
  flatten(),
  dense(64),
  relu(),
  marked("features"),
  dense(10),
);
const data = await loadSplits("mnist");
const layer = spec(data.inputShape, fold(seedKey(0), "mnist-cnn"));
const { weights } = await fit(layer, data.train, data.validation, {
  ...run,
  epochs: EPOCHS,
  ema: 0.999,
  onEpoch: (epoch, m) =>
    console.log(`epoch ${epoch + 1} of ${EPOCHS}: ${(100 * m["validation/accuracy"]!).toFixed(2)} % of the validation set`),
});
const graph = inferenceGraph(layer, weights, { marks: ["features"] });
const bare = write(graph);
const model = await openClassifier(bare, run);
const answers = await model.labels(data.test.x);
await model.release();
const accuracy = answers.filter((c, i) => c === data.test.y[i]).length / data.test.y.length;
const bytes = write({
  ...graph,
  metadata: { data: "mnist:train, 55,000 images", seed: "0", "test-accuracy": `${accuracy}`, features: "64, after the last rectifier" },
});
await writeFile("models/mnist-cnn.onnx", bytes);
console.log(
  `models/mnist-cnn.onnx: ${bytes.length} bytes, sha256 ${await sha256(bytes)}, ${(100 * accuracy).toFixed(2)} % of the test set`,
);
