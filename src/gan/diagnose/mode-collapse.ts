import { figure, percent, type Rule, seen, unseen } from "./rule.ts";

/** Of a known mixture's modes, of the data's neighbourhoods, of the data's spread. */
const MODES = 0.9;
const COVERED = 0.3;
const SPREAD = 0.5;
/** Share of a class that counts as gone, by its share among the data were all alike. */
const GONE = 0.1;

/** The generator makes only some of what there is. Metz et al. 2016, arXiv:1611.02163, §1; coverage: Naeem et al. 2020, arXiv:2002.09797. */
export const modeCollapse: Rule = {
  name: "mode-collapse",
  title: "The generator makes only some of the data's kinds",
  mend: "take a relativistic objective with R1 and R2 (--loss relativistic-paired --penalty r1=1,r2=1), pack samples (--pack 2), or unroll the discriminator",
  find({ report, looks, floor }) {
    const last = looks.at(-1);
    const spread = last?.spread;
    const end = report ?? last;
    if (!end) return unseen("nothing was measured");
    const { coverage } = end;
    const real = (report?.floor ?? floor).coverage;
    const { modes, modesOf, classHistogram } = report ?? { modes: null, modesOf: null, classHistogram: null };
    const gone = classHistogram?.filter((s) => s < GONE / classHistogram.length).length ?? 0;
    const signs = [
      modes !== null && modes < MODES * modesOf! && `${modes} of ${modesOf} modes`,
      coverage < COVERED * real &&
        `${percent(coverage)} of the data's neighbourhoods have a generated sample, where real ones reach ${percent(real)}`,
      spread !== undefined && spread < SPREAD && `two generated samples are ${figure(spread)} times as far apart as two real ones`,
      gone > 0 && `${gone} of ${classHistogram!.length} classes are as good as gone`,
    ].filter((s) => s !== false);
    return seen(
      signs.length > 0,
      signs.join("; ") || `coverage ${percent(coverage)} of ${percent(real)}${modes === null ? "" : `, ${modes} of ${modesOf} modes`}`,
    );
  },
};
