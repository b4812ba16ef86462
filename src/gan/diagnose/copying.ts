import { figure, percent, type Rule, seen, unseen } from "./rule.ts";

/** Share of copies that no chance explains: 1 % is expected. */
const MANY = 0.05;
/** Distance to the training data, by that of held-out samples. */
const NEAR = 0.7;

/** Generated samples are training samples again. Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675, compare the same two distances. */
export const copying: Rule = {
  name: "memorisation",
  title: "The generator repeats its training data",
  mend: "bring more data, or augment what both networks see (--penalty ada or diffaugment); do not ship the samples as new",
  find({ report }) {
    if (!report) return unseen("nothing was measured");
    const { copies, generated, heldOut } = report.memorisation;
    return seen(
      copies > MANY && generated < NEAR * heldOut,
      `${percent(copies)} of the samples are nearer to a training sample than 99 % of held-out ones are; median distance ${figure(generated)}, of held-out samples ${figure(heldOut)}`,
    );
  },
};
