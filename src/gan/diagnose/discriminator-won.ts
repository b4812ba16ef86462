import { lateLooks, mean, percent, type Rule, seen, unseen } from "./rule.ts";

const CERTAIN = 0.98;
/** A generator whose samples are this likely among the data's is no loser. */
const LIKE = 0.5;

/** The discriminator is certain of every sample: its slope tells the generator nothing. Arjovsky & Bottou 2017, arXiv:1701.04862, §2. */
export const discriminatorWon: Rule = {
  name: "discriminator-won",
  title: "The discriminator tells everything apart",
  mend: "slow it down (fewer --critics, a lower rate), bound its slope (--penalty r1=1,r2=1), or take a loss that does not saturate (non-saturating, relativistic-paired)",
  find(course) {
    const late = lateLooks(course);
    if (late.length < 2) return unseen("fewer than two looks");
    const accuracy = mean(late.map((l) => l.accuracy));
    const precision = late.at(-1)!.precision;
    return seen(
      accuracy > CERTAIN && precision < LIKE * course.floor.precision,
      `it has ${percent(accuracy)} of held-out and generated samples right over the last ${late.length} looks; ${percent(precision)} of the generated lie among the real`,
    );
  },
};
