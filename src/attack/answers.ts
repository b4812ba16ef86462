import { fail } from "../base/index.ts";

/** Refuse clean samples that get no answer (scores that are NaN): nothing could be said of them. */
export function refuseNaN(predicted: Int32Array): void {
  const bad = predicted.indexOf(-1);
  if (bad >= 0)
    fail({
      code: "scores-not-finite",
      expected: "scores that are numbers for every clean sample",
      got: `NaN at sample ${bad}`,
      mend: "check the model there, and the data's range and preprocessing; leave the sample out if it is meant to fail",
    });
}
