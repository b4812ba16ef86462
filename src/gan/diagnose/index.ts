/** Is it working? The rules, in the order that reports list them. */
import { copying } from "./copying.ts";
import { discriminatorWon } from "./discriminator-won.ts";
import { divergence } from "./divergence.ts";
import { generatorFrozen } from "./generator-frozen.ts";
import { modeCollapse } from "./mode-collapse.ts";
import { oscillation } from "./oscillation.ts";
import type { Course, GanVerdict, Rule } from "./rule.ts";
import { unfinished } from "./unfinished.ts";

export const rules: readonly Rule[] = [divergence, generatorFrozen, discriminatorWon, oscillation, modeCollapse, copying, unfinished];

/** What every rule says of a game. */
export const diagnose = (course: Course): GanVerdict[] =>
  rules.map(({ name, title, mend, find }) => {
    const { found, evidence } = find(course);
    return { rule: name, title, found, evidence, mend: found ? mend : null };
  });

export { type Floor, type Memory, type Observation, type Observer, observer } from "./observe.ts";
export type { Course, GanVerdict, Rule } from "./rule.ts";
