import { fail } from "../../base/index.ts";
import type { Value } from "../../graph/index.ts";
import { logSumExp, mean } from "../../nn/index.ts";
import type { Play } from "../play.ts";
import type { Regulariser } from "./regulariser.ts";

/** Mean cross-entropy of the classes that the discriminator says, with those that samples are of. */
function wrong({ e, classLogits, classes }: Play, x: Value): Value {
  const said = classLogits(x);
  if (!said || !classes)
    return fail({
      code: "gan-auxiliary",
      expected: "a conditional game, whose discriminator also says which class it sees",
      got: "another",
      mend: "add --conditional, or leave acgan out",
    });
  const right = e.ReduceSum(e.Mul(classes, said), e.ints([1]), { keepdims: 1 });
  return mean(e, e.Sub(logSumExp(e, said), right));
}

/** Both players want the class to be told from a sample: AC-GAN. Odena, Olah & Shlens 2016, arXiv:1610.09585, §3. The discriminator's networks then end in `nn.auxiliary`. */
export const auxiliaryClassifier = (weight = 1): Regulariser => ({
  name: "acgan",
  discriminator: (play) => play.e.Mul(play.e.Add(wrong(play, play.real), wrong(play, play.fake)), play.e.scalar(weight, play.real)),
  generator: (play) => play.e.Mul(wrong(play, play.fake), play.e.scalar(weight, play.fake)),
});
