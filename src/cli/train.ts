import { defineCommand } from "citty";
import { withExamples } from "./options.ts";
import { train, trainingArgs } from "./training.ts";

const command = defineCommand({
  meta: { name: "train", description: "Train a classifier and write it as ONNX." },
  args: trainingArgs,
  run: ({ args }) => train("train", args),
});

export default withExamples(command, [
  "counterfoil train --data mnist --model cnn --epochs 3 -o model.onnx",
  "counterfoil train --data photos/ --model cnn --epochs 10 --out runs/photos",
  "counterfoil train --data photos/ --model cnn --epochs 10 --resume runs/photos",
]);
