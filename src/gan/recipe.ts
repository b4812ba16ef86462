/** Games by name: networks, objective, penalties and optimisers that belong together, and what may be put in their place. */
import { fail, fold, type Key } from "../base/index.ts";
import type { Pool } from "../data/index.ts";
import { adam, constant, cosine, exponential, sgd } from "../optim/index.ts";
import { type Gan, game, type Optimiser } from "./gan.ts";
import {
  type DiscriminatorNorm,
  type Minibatch,
  type NetworkMaker,
  type NetworkName,
  type NetworkOptions,
  networkOptions,
  networks,
  pairOf,
} from "./network/index.ts";
import { type Objective, type ObjectiveName, objectives } from "./objective/index.ts";
import { dragan, gradientPenalty, type Regulariser, r1, r2, weightClip } from "./regulariser/index.ts";

/** Losses of the command line: objectives, and three that are an objective with its own regulariser. */
export type LossName = ObjectiveName | "wasserstein-clip" | "wasserstein-gp" | "dragan";

const COMBINED: Readonly<Record<string, readonly [ObjectiveName, (shape: readonly number[]) => Regulariser]>> = {
  "wasserstein-clip": ["wasserstein", () => weightClip()],
  // 0.1 is what its authors' code has for toys (gan_toy.py): a way of length 1 is worth less than a slope that is 1 off would cost by 10, and the critic cannot turn round
  "wasserstein-gp": ["wasserstein", (shape) => gradientPenalty(shape.length === 1 ? 0.1 : 10)],
  dragan: ["non-saturating", () => dragan()],
};

export const LOSSES = [...Object.keys(objectives), ...Object.keys(COMBINED)] as readonly LossName[];

type Setting = Pick<Gan, "optimisers" | "batch"> & Partial<Pick<Gan, "critics" | "updates" | "ema">>;

interface Recipe extends Setting {
  readonly loss: LossName;
  readonly regularisers?: readonly Regulariser[];
  /** Its rates fall to a hundredth over the training, where its length is known. */
  readonly falls?: boolean;
}

const both = (transform: Optimiser["transform"], rate: number): Gan["optimisers"] => {
  const optimiser = { transform, schedule: constant(rate) };
  return { generator: optimiser, discriminator: optimiser };
};

/** What each pair is trained with where nothing else is said. */
const RECIPES: Readonly<Record<NetworkName, Recipe>> = {
  // R3GAN's objective on a small pair: it finds all modes of ring and grid (experiments/mixtures.md)
  plane: {
    loss: "relativistic-paired",
    // a γ that falls lets the discriminator sharpen when the modes are found
    regularisers: [r1(0.1, 0.001), r2(0.1, 0.001)],
    optimisers: both(adam({ beta1: 0, beta2: 0.9 }), 1e-3),
    batch: 512,
    ema: 0.999,
  },
  // the same for pictures
  small: {
    loss: "relativistic-paired",
    regularisers: [r1(1, 0.1), r2(1, 0.1)],
    optimisers: both(adam({ beta1: 0, beta2: 0.99 }), 2e-3),
    falls: true,
    batch: 64,
    ema: 0.999,
  },
  // Lin et al. 2018
  pacgan: { loss: "non-saturating", optimisers: both(adam({ beta1: 0.8 }), 1e-4), batch: 100 },
  // the code of 2014: both move at once. Its loss is half of ours for the discriminator, so that half the rate is the same move
  maxout2014: {
    loss: "non-saturating",
    updates: "simultaneous",
    optimisers: {
      generator: { transform: sgd({ momentum: 0.5 }), schedule: exponential(0.1, 1 / 1.000004, 1e-6) },
      discriminator: { transform: sgd({ momentum: 0.5 }), schedule: exponential(0.05, 1 / 1.000004, 5e-7) },
    },
    batch: 100,
  },
  // Radford et al. 2015
  dcgan: { loss: "non-saturating", optimisers: both(adam({ beta1: 0.5 }), 2e-4), batch: 64 },
  // Miyato et al. 2018
  resnet: { loss: "hinge", critics: 5, optimisers: both(adam({ beta1: 0, beta2: 0.9 }), 2e-4), batch: 64 },
  // Huang et al. 2024
  r3gan: {
    loss: "relativistic-paired",
    regularisers: [r1(1, 0.1), r2(1, 0.1)],
    optimisers: both(adam({ beta1: 0, beta2: 0.99 }), 2e-4),
    falls: true,
    batch: 64,
    ema: 0.999,
  },
};

/** The same, falling to a hundredth in `length` steps. */
const falling = ({ transform, schedule }: Optimiser, length: number | null): Optimiser => ({
  transform,
  schedule: length === null ? schedule : cosine(schedule(0), length, schedule(0) / 100),
});

/** The same course from another rate on. */
const from = ({ transform, schedule }: Optimiser, rate: number | undefined): Optimiser => ({
  transform,
  schedule: rate === undefined ? schedule : (step) => (schedule(step) / schedule(0)) * rate,
});

export interface RecipeOptions
  extends Partial<Pick<Gan, "batch" | "critics" | "updates" | "unroll" | "ema" | "pack" | "microBatch" | "optimisers">> {
  /** Default: `plane` for vectors, `small` for pictures. */
  readonly model?: NetworkName;
  readonly loss?: LossName;
  /** Learning rate at the first step, of both players; it changes as the recipe's does. */
  readonly rate?: number;
  /** Of the discriminator alone: two time scales. Heusel et al. 2017, arXiv:1706.08500. */
  readonly discriminatorRate?: number;
  /** Moves of the generator there will be, for rates that fall; default: rates that do not. */
  readonly steps?: number;
  /** In the place of the recipe's; with another loss the recipe's are left out. */
  readonly regularisers?: readonly Regulariser[];
  /** Share of real samples that counts as generated; needs an objective that judges each sample for itself. */
  readonly smoothing?: number;
  readonly conditional?: boolean;
  readonly norm?: DiscriminatorNorm;
  readonly minibatch?: Minibatch;
  readonly width?: number;
  readonly key: Key;
}

const smoothable = (loss: LossName): boolean => ["minimax", "non-saturating", "least-squares", "hinge", "dragan"].includes(loss);

function objectiveOf(loss: LossName, smoothing: number | undefined): Objective {
  if (smoothing !== undefined && !smoothable(loss))
    fail({
      code: "gan-setting",
      expected: "an objective that judges each sample for itself, to smooth labels",
      got: loss,
      mend: "leave smoothing out, or choose non-saturating, minimax, least-squares or hinge",
    });
  const name = (COMBINED[loss]?.[0] ?? loss) as ObjectiveName;
  return objectives[name](smoothing === undefined ? {} : { smoothing });
}

/** Refuse what a pair of networks would not look at. */
function checkChoices(model: NetworkName, asked: Readonly<Partial<Record<keyof NetworkOptions, unknown>>>): void {
  for (const name of Object.keys(asked) as (keyof NetworkOptions)[])
    if (asked[name] && !networkOptions[model].includes(name)) {
      const said = name === "classes" ? "conditional" : name;
      const able = Object.entries(networkOptions).flatMap(([other, known]) => (known.includes(name) ? [other] : []));
      fail({
        code: "gan-network",
        expected: `networks that know --${said}: ${able.join(", ")}`,
        got: model,
        mend: `choose one of those, or leave --${said} out`,
      });
    }
}

/**
 * A game for `data`, by name.
 * @throws gan-…, model-unknown
 */
export function recipe(data: Pick<Pool, "shape" | "range" | "units" | "classes" | "name">, options: RecipeOptions): Gan {
  const { key, conditional = false } = options;
  const model = options.model ?? (data.shape.length === 3 ? "small" : "plane");
  const make: NetworkMaker | undefined = networks[model];
  if (!make)
    fail({ code: "model-unknown", expected: `one of ${Object.keys(networks).join(", ")}`, got: model, mend: "choose one of those" });
  const own = RECIPES[model];
  const loss = options.loss ?? own.loss;
  if (!LOSSES.includes(loss)) fail({ code: "gan-loss", expected: `one of ${LOSSES.join(", ")}`, got: loss, mend: "choose one of those" });
  const combined = COMBINED[loss]?.[1](data.shape);
  const given = options.regularisers ?? (loss === own.loss ? (own.regularisers ?? []) : []);
  const regularisers = [...(combined && !given.some((r) => r.name === combined.name) ? [combined] : []), ...given];
  if (conditional && data.classes < 2)
    fail({
      code: "gan-classes",
      expected: "labelled data of two classes or more, for a conditional game",
      got: data.classes === 0 ? `${data.name}, which has no labels` : `${data.classes} in ${data.name}`,
      mend: "leave --conditional out",
    });
  checkChoices(model, { classes: conditional, norm: options.norm, minibatch: options.minibatch, width: options.width });
  const classes = conditional ? data.classes : null;
  // a penalty on each sample's gradient cannot look through batch normalisation
  const norm = options.norm ?? (regularisers.some((r) => r.perSample) && model === "dcgan" ? "none" : undefined);
  const pair = pairOf(
    make,
    data.shape,
    data.units?.range ?? data.range,
    { generator: fold(key, "generator"), discriminator: fold(key, "discriminator") },
    {
      classes,
      pack: options.pack ?? 1,
      ...(norm && { norm }),
      ...(regularisers.some((r) => r.name === "acgan") && { auxiliary: true }),
      ...(options.minibatch && { minibatch: options.minibatch }),
      ...(options.width && { width: options.width }),
    },
  );
  const { generator, discriminator } = options.optimisers ?? own.optimisers;
  const { batch, critics, updates, ema, pack, unroll, microBatch } = options;
  const { falls = false, ...setting } = own;
  const length = falls && options.optimisers === undefined ? (options.steps ?? null) : null;
  return game({
    ...pair,
    ...setting,
    ...(batch && { batch }),
    optimisers: {
      generator: from(falling(generator, length), options.rate),
      discriminator: from(falling(discriminator, length), options.discriminatorRate ?? options.rate),
    },
    ...(critics && { critics }),
    ...(updates && { updates }),
    ...(ema !== undefined && { ema }),
    ...(pack && { pack }),
    ...(unroll && { unroll }),
    ...(microBatch && { microBatch }),
    objective: objectiveOf(loss, options.smoothing),
    regularisers,
    classes,
    length,
    units: data.units ?? null,
  });
}
