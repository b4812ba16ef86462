/** A GAN as data: two networks, what they want, what restrains them, and how they move. */
import { fail } from "../base/index.ts";
import type { DataUnits } from "../data/index.ts";
import type { Layer, Noise } from "../nn/index.ts";
import type { Schedule, Transform } from "../optim/index.ts";
import type { Objective } from "./objective/index.ts";
import type { Regulariser } from "./regulariser/index.ts";

export interface Latent {
  /** Numbers of one latent vector. */
  readonly size: number;
  readonly draw: Noise["draw"];
}

export interface Optimiser {
  readonly transform: Transform;
  readonly schedule: Schedule;
}

export interface Gan {
  readonly latent: Latent;
  /** [N, latent] → [N, …sample] */
  readonly generator: Layer;
  /** [N/pack, …packed sample] → [N/pack, 1]: one logit, higher for real. */
  readonly discriminator: Layer;
  readonly objective: Objective;
  readonly regularisers: readonly Regulariser[];
  readonly optimisers: { readonly generator: Optimiser; readonly discriminator: Optimiser };
  /** Samples of each kind in one move. */
  readonly batch: number;
  /** Samples that the discriminator judges together. Lin et al. 2018 (PacGAN), arXiv:1712.04086. */
  readonly pack: number;
  /** Moves of the discriminator for each of the generator's. */
  readonly critics: number;
  /** Whether the generator answers the discriminator's new parameters, or both move from the same. */
  readonly updates: "alternating" | "simultaneous";
  /** Further moves of the discriminator that the generator foresees, and differentiates. Metz et al. 2016, arXiv:1611.02163. */
  readonly unroll: number;
  /** Decay of an average of the generator's weights, which is what makes samples; null without. */
  readonly ema: number | null;
  /** Of a conditional game; null without. */
  readonly classes: number | null;
  /** Samples whose gradients are taken at a time, and added up; default all of a batch. */
  readonly microBatch: number;
  /** Steps that the rates are made for, where they fall to the end; null: they do not know of an end. */
  readonly length: number | null;
  /** What the networks and all penalties see data in; null: as they are. */
  readonly units: DataUnits | null;
}

type Needed = Pick<Gan, "latent" | "generator" | "discriminator" | "objective" | "optimisers" | "batch">;

const positive = (what: string, v: number): void => {
  if (!Number.isInteger(v) || v < 1)
    fail({ code: "gan-setting", expected: `a whole ${what} ≥ 1`, got: `${v}`, mend: "correct the setting" });
};

/**
 * A game, with what was left out at its default, checked for contradictions.
 * @throws gan-setting, gan-pack, gan-coupled, gan-networks
 */
export function game(given: Needed & Partial<Gan>): Gan {
  const gan: Gan = {
    regularisers: [],
    pack: 1,
    critics: 1,
    updates: "alternating",
    unroll: 0,
    ema: null,
    classes: null,
    microBatch: given.batch,
    length: null,
    units: null,
    ...given,
  };
  const { batch, pack, microBatch, generator, discriminator, objective, regularisers } = gan;
  positive("batch", batch);
  positive("packing", pack);
  positive("number of the discriminator's moves", gan.critics);
  positive("micro-batch", microBatch);
  if (batch % pack !== 0)
    fail({
      code: "gan-pack",
      expected: `a batch that is a multiple of the packing ${pack}`,
      got: `${batch}`,
      mend: `take ${Math.max(1, Math.round(batch / pack)) * pack}`,
    });
  if (batch % microBatch !== 0 || microBatch % pack !== 0)
    fail({
      code: "gan-setting",
      expected: `a micro-batch that divides the batch ${batch} and is a multiple of the packing ${pack}`,
      got: `${microBatch}`,
      mend: "choose such a number",
    });
  if (pack > 1 && gan.classes !== null)
    fail({ code: "gan-pack", expected: "no packing in a conditional game", got: `${pack}`, mend: "leave one of them out" });
  const restrained = regularisers.find((r) => r.perSample);
  if (restrained && discriminator.coupled)
    fail({
      code: "gan-coupled",
      expected: `a discriminator that looks at each sample for itself, which ${restrained.name} differentiates`,
      got: `one with ${discriminator.coupled}`,
      mend: "choose a discriminator without it, or leave the penalty out",
    });
  const whole = regularisers.find((r) => r.perBatch)?.name;
  const coupled = discriminator.coupled ?? (objective.separable ? whole : objective.name);
  if (microBatch < batch && coupled)
    fail({
      code: "gan-coupled",
      expected:
        "a discriminator, an objective and penalties that take each sample for itself, for gradients of parts of a batch that add up",
      got: coupled,
      mend: "leave the micro-batch out, or that",
    });
  if (generator.inputShape.length !== 1 || generator.inputShape[0] !== gan.latent.size || discriminator.outputShape.join() !== "1")
    fail({
      code: "gan-networks",
      expected: `a generator of latent vectors [${gan.latent.size}] and a discriminator with one logit`,
      got: `[${generator.inputShape}] and [${discriminator.outputShape}]`,
      mend: "correct the networks",
    });
  return gan;
}

/** Shape of what the discriminator judges: samples one after the other, along the first axis. */
export const packedShape = ([first, ...rest]: readonly number[], pack: number): readonly number[] => [pack * first!, ...rest];
