import { percent, type Rule, seen, unseen } from "./rule.ts";

const LIKE = 0.5;

/** Most generated samples do not look like data, whatever the reason. */
export const unfinished: Rule = {
  name: "unfinished",
  title: "Most samples are not like the data",
  mend: "train longer (more --steps), or choose a larger network (--width)",
  find({ report, looks, floor }) {
    const end = report ?? looks.at(-1);
    if (!end) return unseen("nothing was measured");
    const real = (report?.floor ?? floor).precision;
    return seen(
      end.precision < LIKE * real,
      `${percent(end.precision)} of the samples lie among the data, where ${percent(real)} of real ones do${report ? `; a fresh discriminator tells ${percent(report.freshDiscriminatorAccuracy)}` : ""}`,
    );
  },
};
