/** Penalties on the slope of the discriminator's logit by its input. Each needs the gradient of a gradient. */
import { fail } from "../../base/index.ts";
import type { Value } from "../../graph/index.ts";
import { mean } from "../../nn/index.ts";
import { between, type Play, slope, squares } from "../play.ts";
import type { Regulariser } from "./regulariser.ts";

const checked = (name: string, weight: number): number =>
  weight > 0
    ? weight
    : fail({ code: "penalty-weight", expected: `a weight of ${name} above 0`, got: `${weight}`, mend: "leave it out to do without" });

/** ‖∇ₓD(x)‖² of each packed sample, [M]. */
const squared = (play: Play, x: Value): Value => squares(play.e, slope(play, x), play.critic(x).type.shape[0]!);

const scaled = ({ e }: Play, v: Value, weight: number): Value => e.Mul(v, e.scalar(weight, v));

/** (‖∇ₓD(x)‖ − 1)², [M]. */
function offOne(play: Play, x: Value): Value {
  const { e } = play;
  // a root has no slope at 0
  const length = e.Sqrt(e.Add(squared(play, x), e.scalar(1e-12, x)));
  const d = e.Sub(length, e.scalar(1, length));
  return e.Mul(d, d);
}

/** From `weight` at the first step to `last` at the last, along a half cosine, as Huang et al. 2024 (R3GAN, arXiv:2501.05441) anneal γ. */
function annealed({ e, progress }: Play, weight: number, last: number): Value {
  if (weight === last) return e.scalar(weight, progress);
  const half = e.scalar(0.5, progress);
  const share = e.Add(e.Mul(e.node("Cos", [e.Mul(progress, e.scalar(Math.PI, progress))])[0]!, half), half);
  return e.Add(e.scalar(last, progress), e.Mul(share, e.scalar(weight - last, progress)));
}

const slopeAt =
  (name: string, where: (play: Play) => Value) =>
  (weight = 1, last = weight): Regulariser => {
    checked(name, weight);
    checked(name, last);
    return {
      name,
      perSample: true,
      discriminator: (play) => play.e.Mul(mean(play.e, squared(play, where(play))), annealed(play, weight / 2, last / 2)),
    };
  };

/**
 * γ/2·E‖∇D(x)‖² at real samples. Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, eq. 9: the sum over features, the mean over samples.
 * @param last γ at the end of training; default the same
 */
export const r1 = slopeAt("r1", ({ real }) => real);

/** The same at generated samples: arXiv:1801.04406, eq. 10. */
export const r2 = slopeAt("r2", ({ fake }) => fake);

/** λ·E(‖∇D(x̂)‖ − 1)² at points between real and generated samples: WGAN-GP. Gulrajani et al. 2017, arXiv:1704.00028, eq. 3. */
export const gradientPenalty = (weight = 10): Regulariser => {
  checked("gp", weight);
  return {
    name: "gp",
    perSample: true,
    discriminator: (play) => scaled(play, mean(play.e, offOne(play, between(play))), weight),
  };
};

/** λ·E‖∇D(x̂)‖² at the same points. Thanh-Tung, Tran & Venkatesh 2019, arXiv:1902.03984. */
export const zeroCentredPenalty = (weight = 10): Regulariser => {
  checked("gp0", weight);
  return {
    name: "gp0",
    perSample: true,
    discriminator: (play) => scaled(play, mean(play.e, squared(play, between(play))), weight),
  };
};

/** λ·E(‖∇D(x + δ)‖ − 1)² around the data, δ uniform up to half the data's standard deviation: DRAGAN. Kodali et al. 2017, arXiv:1705.07215, and its code. */
export const dragan = (weight = 10): Regulariser => {
  checked("dragan", weight);
  return {
    name: "dragan",
    perSample: true,
    // the deviation of the batch
    perBatch: true,
    discriminator(play) {
      const { e, real, draw } = play;
      const centred = e.Sub(real, mean(e, real));
      const deviation = e.Sqrt(e.Add(mean(e, e.Mul(centred, centred)), e.scalar(1e-12, real)));
      const off = e.Mul(e.Mul(deviation, e.scalar(0.5, real)), draw({ kind: "uniform", low: 0, high: 1 }, real.type.shape));
      return scaled(play, mean(e, offOne(play, e.Add(real, off))), weight);
    },
  };
};
