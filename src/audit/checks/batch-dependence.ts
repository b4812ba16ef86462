import { rows, take } from "../../base/index.ts";
import { argmax } from "../../model/index.ts";
import { type Check, judged, NO_PROBE, NO_SCORES, notRun, scored } from "./check.ts";

const TOLERANCE = 1e-3;

/**
 * A sample's answer must not depend on its company: batch statistics left in training mode, an operator over the batch axis.
 * @example scores minus their mean over the batch → fail
 */
export const batchDependence: Check = {
  name: "batch-dependence",
  title: "An answer does not depend on the batch",
  mend: "export the model in evaluation mode, with normalisation by its running statistics",
  async find({ model, probe }) {
    if (!scored(model)) return notRun(NO_SCORES);
    const n = Math.min(probe.labels.length, 16);
    if (n < 2) return notRun(NO_PROBE);
    const x = rows(probe.x, 0, n);
    const together = await model.scores(x);
    const backwards = await model.scores(
      take(
        x,
        Array.from({ length: n }, (_, i) => n - 1 - i),
      ),
    );
    const k = model.classes;
    const scale = together.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
    let worst = 0;
    let turned = 0;
    const labels = argmax(together);
    for (let i = 0; i < n; i++) {
      const alone = await model.scores(rows(x, i, i + 1));
      turned += Number(argmax(alone)[0] !== labels[i]);
      for (let j = 0; j < k; j++) {
        const mine = together.data[i * k + j]!;
        worst = Math.max(worst, Math.abs(alone.data[j]! - mine) / scale, Math.abs(backwards.data[(n - 1 - i) * k + j]! - mine) / scale);
      }
    }
    return judged(
      worst > TOLERANCE,
      `alone, together and in reverse order scores differ by ${worst.toPrecision(2)} of the largest, ${turned} of ${n} labels`,
    );
  },
};
