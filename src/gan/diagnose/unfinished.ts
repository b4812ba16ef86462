import { percent, type Rule, seen, unseen } from "./rule.ts";

const LIKE = 0.5;

/** Most generated samples do not look like data, whatever the reason. */
export const unfinished: Rule = {
  name: "unfinished",
  title: "Most samples are not like the data",
  mend: "train longer (more --steps), or choose a larger network (--width)",
  find({ report }) {
    if (!report) return unseen("training broke off");
    const { precision, floor, freshDiscriminatorAccuracy } = report;
    return seen(
      precision < LIKE * floor.precision,
      `${percent(precision)} of the samples lie among the data, where ${percent(floor.precision)} of real ones do; a fresh discriminator tells ${percent(freshDiscriminatorAccuracy)}`,
    );
  },
};
