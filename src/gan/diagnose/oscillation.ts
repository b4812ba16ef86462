import { figure, lateLooks, mean, type Rule, seen, unseen } from "./rule.ts";

/** Half of the samples change their neighbourhood from look to look. */
const RESTLESS = 0.4;

/** The generator wanders from one part of the data to another, and the discriminator after it. Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406. */
export const oscillation: Rule = {
  name: "oscillation",
  title: "The generator runs in circles",
  mend: "lower the rates or the momentum (β₁ = 0), bound the discriminator's slope (--penalty r1=1,r2=1), and average the generator's weights (--ema 0.999)",
  find(course) {
    const late = lateLooks(course);
    if (late.length < 3) return unseen("fewer than three looks");
    const shift = mean(late.map((l) => l.shift));
    return seen(
      shift > RESTLESS,
      `from look to look ${figure(shift)} of the samples go to another part of the data, over the last ${late.length}`,
    );
  },
};
