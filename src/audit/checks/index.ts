/** The checks of an evaluation, in the order that reports list them. */
import { batchDependence } from "./batch-dependence.ts";
import { blackBoxBeatsWhiteBox } from "./black-box-beats-white-box.ts";
import type { Check, Findings, Verdict } from "./check.ts";
import { epsilonMonotone } from "./epsilon-monotone.ts";
import { gradientMismatch } from "./gradient-mismatch.ts";
import { moreStillHelps } from "./more-still-helps.ts";
import { probabilityOutput } from "./probability-output.ts";
import { randomisedOutput } from "./randomised-output.ts";
import { saturatedLoss } from "./saturated-loss.ts";
import { singleStepBeatsIterative } from "./single-step-beats-iterative.ts";
import { stoppedGradient } from "./stopped-gradient.ts";
import { transferBeatsWhiteBox } from "./transfer-beats-white-box.ts";
import { unboundedAttack } from "./unbounded-attack.ts";
import { undefinedOutput } from "./undefined-output.ts";
import { verdictDeniesLoss } from "./verdict-denies-loss.ts";
import { zeroGradient } from "./zero-gradient.ts";

export const checks: readonly Check[] = [
  probabilityOutput,
  undefinedOutput,
  stoppedGradient,
  zeroGradient,
  saturatedLoss,
  gradientMismatch,
  randomisedOutput,
  batchDependence,
  blackBoxBeatsWhiteBox,
  moreStillHelps,
  unboundedAttack,
  verdictDeniesLoss,
  singleStepBeatsIterative,
  epsilonMonotone,
  transferBeatsWhiteBox,
];

/** Run every check. */
export async function verdicts(findings: Findings, onProgress?: (done: number, total: number, title: string) => void): Promise<Verdict[]> {
  const out: Verdict[] = [];
  for (const { name, title, mend, find } of checks) {
    findings.run.signal?.throwIfAborted();
    onProgress?.(out.length, checks.length, title);
    const { status, evidence } = await find(findings);
    out.push({ check: name, title, status, evidence, mend: status === "fail" ? mend : null });
  }
  return out;
}

export type { Check, Findings, Verdict } from "./check.ts";
