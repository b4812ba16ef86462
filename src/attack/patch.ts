import { fail, fold, type Tensor, take, uniform } from "../base/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { legalise } from "./domain.ts";
import { eachRow, row } from "./iterate.ts";
import { crossEntropy, negated } from "./loss.ts";
import { isCheckpoint, lossOfWon, minibatch, shareWon } from "./one-for-all.ts";
import { checkedSteps } from "./pgd.ts";
import { type Planes, planesOf } from "./transform/planes.ts";
import { eachCovered, type Laid, lay, type Placement, stuck } from "./transform/sticker.ts";

type Floats = Tensor<"float32">;

export interface PatchOptions extends Placement {
  /** Side of the square, as a share of the picture's shorter side; default 0.3. */
  readonly size?: number;
  /** Default 200. */
  readonly steps?: number;
  /** Length of a step, as a share of the range; default 0.02, falling to a tenth of that. */
  readonly rate?: number;
  /** Samples a step; default 64. */
  readonly minibatch?: number;
  /** Gets the patch [C, s, s] that was kept: to print it, or to try it on other samples with `transformed(sticker(patch))`. */
  readonly onFound?: (patch: Floats) => void;
}

/** ∇ of the mean loss in the patch: each picture's gradient, where the patch covers it and it may change, pulled back to the patch. */
function gradientOf(laid: readonly Laid[], gradient: Floats, picture: Planes, free: Uint8Array, length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const [k, one] of laid.entries()) {
    const g = row(gradient, k);
    const seen = new Float32Array(g.length);
    eachCovered(one, picture, (at) => {
      if (free[at]) seen[at] = g[at]!;
    });
    for (const [j, v] of one.sampling.pullBack(seen, seen).entries()) sum[j] = sum[j]! + v;
  }
  return sum;
}

/**
 * Adversarial patch. Brown et al. 2017, arXiv:1712.09665, §2:  p̂ = argmax_p E_{x, t, l}[log P(ŷ | A(p, x, l, t))],  one square for all samples,
 * over random places, scales and turns; without a target it leaves the labels instead. Climbs by signs of the gradient with momentum.
 * A threat of its own, in no norm's ball. White box; targeted or not. Proposes each sample with the patch that won the most, at one place: the
 * judge's share is the patch's on the samples that it was trained on. Others are the caller's to hold out.
 */
export function patch(options: PatchOptions = {}): Attack<"gradient"> {
  const { size: share = 0.3, steps = 200, rate = 0.02, minibatch: atOnce = 64, onFound } = options;
  checkedSteps(steps);
  if (!(share > 0 && share <= 1))
    fail({ code: "patch-size", expected: "a share of the side in (0, 1]", got: `${share}`, mend: "0.3 is a patch a third as wide" });
  return {
    name: "patch",
    access: "gradient",
    kind: "own",
    norms: ["linf", "l2", "l1", "l0"],
    targets: true,
    whole: true,
    async run(victim, batch, threat) {
      const n = batch.labels.length;
      if (n === 0) return [];
      const picture = planesOf(victim.inputShape);
      const side = Math.max(1, Math.round(share * Math.min(picture.height, picture.width)));
      const { low, high } = threat.domain;
      const range = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))] as const;
      const root = fold(batch.keys[0]!, "patch");
      const shape = [picture.channels, side, side];
      const p: Floats = { dtype: "float32", shape, data: uniform(root, picture.channels * side * side, ...range) };
      const momentum = new Float64Array(p.data.length);
      let kept = { patch: p.data.slice(), share: -1 };
      for (let k = 0; k < steps; k++) {
        const chosen = minibatch(fold(root, "order"), n, atOnce, k);
        const laid = chosen.map((i) => lay(side, picture, fold(fold(batch.keys[i]!, "place"), k), options));
        const labels = chosen.map((i) => batch.labels[i]!);
        const { losses, gradient } = await victim.slopes(
          threat.targeted ? negated(crossEntropy) : crossEntropy,
          shown(p, take(batch.x, chosen), laid, picture, threat),
          labels,
          labels,
          chosen,
        );
        const most = lossOfWon(victim.classes);
        for (let i = 0; i < losses.length; i++) if (losses[i]! > most) row(gradient, i).fill(0);
        const g = gradientOf(laid, gradient, picture, threat.domain.free, p.data.length);
        const norm1 = g.reduce((s, v) => s + Math.abs(v), 0) || 1;
        const length = rate * (1 - (0.9 * k) / steps) * (range[1] - range[0]);
        for (let j = 0; j < g.length; j++) {
          momentum[j] = 0.9 * momentum[j]! + g[j]! / norm1;
          p.data[j] = Math.min(Math.max(p.data[j]! + length * Math.sign(momentum[j]!), range[0]), range[1]);
        }
        if (!isCheckpoint(k, steps)) continue;
        const seen = batch.keys.map((key) => lay(side, picture, fold(fold(key, "check"), k), options));
        const won = await shareWon(victim, shown(p, batch.x, seen, picture, threat), batch.labels, threat.targeted);
        if (won >= kept.share) kept = { patch: p.data.slice(), share: won };
      }
      const found = { ...p, data: kept.patch };
      onFound?.(found);
      const laid = batch.keys.map((key) => lay(side, picture, fold(key, "placed"), options));
      return [shown(found, batch.x, laid, picture, threat)];
    },
  };
}

/** The patch on each sample, where it was laid. */
const shown = (p: Floats, x: Floats, laid: readonly Laid[], picture: Planes, { norm, domain }: Threat): Floats =>
  eachRow(x, (out, i) => {
    out.set(stuck(p.data, laid[i]!, picture, row(x, i)));
    legalise(out, row(x, i), norm, Number.POSITIVE_INFINITY, domain);
  });
