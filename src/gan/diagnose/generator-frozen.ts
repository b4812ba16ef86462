import { figure, lateLooks, percent, type Rule, seen, unseen } from "./rule.ts";

/** Way between looks, by the distance between two real samples. */
const STILL = 1e-3;
const LIKE = 0.5;

/** The samples of the same noise stay where they are, though they are not there yet. */
export const generatorFrozen: Rule = {
  name: "generator-frozen",
  title: "The generator no longer moves",
  mend: "look at its loss and rate: a saturating loss (minimax) or a rate near 0 gives no step; raise the rate, or take --loss non-saturating",
  find(course) {
    const late = lateLooks(course);
    if (late.length < 2) return unseen("fewer than two looks");
    const most = Math.max(...late.map((l) => l.moved));
    const { precision, coverage } = late.at(-1)!;
    const there = Math.min(precision / course.floor.precision, coverage / course.floor.coverage) >= LIKE;
    return seen(
      most < STILL && !there,
      `samples went at most ${figure(most)} of the distance between two real ones from look to look; precision ${percent(precision)}, coverage ${percent(coverage)}`,
    );
  },
};
