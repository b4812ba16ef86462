/** The options of a game on the command line: what is played, and how. */
import { fail } from "../base/index.ts";
import {
  type Gan,
  LOSSES,
  type NetworkName,
  networks,
  type RecipeOptions,
  type Regulariser,
  type RegulariserName,
  regulariserNumbers,
  regularisers,
} from "../gan/index.ts";
import { choice, maybeNumber, number } from "./options.ts";

export const gameArgs = {
  model: { type: "string", description: `${Object.keys(networks).join(", ")} (default: plane for vectors, small for pictures)` },
  loss: { type: "string", description: `${LOSSES.join(", ")} (default: the model's)` },
  penalty: { type: "string", description: `${Object.keys(regularisers).join(", ")}, as r1=1,r2=1; or none (default: the model's)` },
  smoothing: { type: "string", description: "share of real samples that counts as generated" },
  batch: { type: "string", description: "samples of each kind in a move (default: the model's)" },
  "micro-batch": { type: "string", description: "samples whose gradients are taken at a time, for less memory" },
  pack: { type: "string", description: "samples that the discriminator judges together" },
  critics: { type: "string", description: "moves of the discriminator for each of the generator's" },
  unroll: { type: "string", description: "moves of the discriminator that the generator foresees" },
  rate: { type: "string", description: "learning rate at the first step (default: the model's)" },
  "rate-discriminator": { type: "string", description: "that of the discriminator, where it is another" },
  updates: { type: "string", description: "alternating or simultaneous (default: the model's)" },
  ema: { type: "string", description: "decay of the average of the generator's weights" },
  conditional: { type: "boolean", description: "make samples of a class that is asked for", default: false },
  norm: { type: "string", description: "of the discriminator: batch, spectral or none" },
  minibatch: { type: "string", description: "what the discriminator sees of a batch: stddev or discrimination" },
  width: { type: "string", description: "channels, or units, of the networks" },
} as const;

/** As they were given; `conditional` alone has a default. */
type Given = { readonly [name in Exclude<keyof typeof gameArgs, "conditional">]?: string | undefined } & { readonly conditional: boolean };

/** `r1=1:0.1,r2=0.5,diffaugment`: names, each with a number if one is to be given, or two where it changes over the training; `none`: not even the model's. */
function penaltiesOf(text: string | undefined): Regulariser[] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(",").map((part) => part.trim());
  if (parts.join() === "none") return [];
  const known = Object.keys(regularisers) as RegulariserName[];
  const named = parts.map((part) => {
    const [name, ...values] = part.split(/[=:]/) as [string, ...string[]];
    return { part, name: choice("penalty", name, known), values: values.map((v) => number(`penalty ${name}`, v, { above: 0 })) };
  });
  for (const [i, { part, name, values }] of named.entries()) {
    const most = regulariserNumbers(name);
    const twice = named.some((other, k) => k < i && other.name === name);
    if (twice || values.length > most || /:.*=|=.*=/.test(part))
      fail({
        code: "option-penalty",
        expected: `${name} once, ${most === 0 ? "without a number" : most === 1 ? `as ${name} or ${name}=1` : `as ${name}, ${name}=1 or ${name}=1:0.1`}`,
        got: twice ? `it twice in “${text}”` : `“${part}”`,
        mend: "correct --penalty",
      });
  }
  return named.map(({ name, values }) => (regularisers[name] as (...values: number[]) => Regulariser)(...values));
}

/**
 * What is asked of the recipe; what is left out is the recipe's.
 * @throws option-…
 */
export function gameOptions(args: Given): Omit<RecipeOptions, "key"> {
  const one = <T extends string>(name: keyof Given, choices: readonly T[]): T | undefined =>
    args[name] === undefined ? undefined : choice(name, args[name] as string, choices);
  const whole = (name: "batch" | "micro-batch" | "pack" | "critics" | "unroll" | "width") =>
    maybeNumber(name, args[name], { least: 1, whole: true });
  const share = (name: "ema" | "smoothing") => maybeNumber(name, args[name], { least: 0, most: 1 });
  const rate = (name: "rate" | "rate-discriminator") => maybeNumber(name, args[name], { above: 0 });
  const options = {
    conditional: args.conditional,
    model: one("model", Object.keys(networks) as NetworkName[]),
    loss: one("loss", LOSSES),
    regularisers: penaltiesOf(args.penalty),
    smoothing: share("smoothing"),
    rate: rate("rate"),
    discriminatorRate: rate("rate-discriminator"),
    batch: whole("batch"),
    microBatch: whole("micro-batch"),
    pack: whole("pack"),
    critics: whole("critics"),
    unroll: whole("unroll"),
    updates: one("updates", ["alternating", "simultaneous"] as const),
    norm: one("norm", ["batch", "spectral", "none"] as const),
    minibatch: one("minibatch", ["stddev", "discrimination"] as const),
    width: whole("width"),
    ema: share("ema"),
  };
  return Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined));
}

/** What a resumed run must have the same. */
export const gameConfig = (args: Given, { batch, pack, critics, unroll, updates, ema }: Gan): Readonly<Record<string, unknown>> => ({
  model: args.model ?? null,
  loss: args.loss ?? null,
  penalty: args.penalty ?? null,
  smoothing: args.smoothing ?? null,
  rate: args.rate ?? null,
  rateDiscriminator: args["rate-discriminator"] ?? null,
  batch,
  pack,
  critics,
  unroll,
  updates,
  ema,
  norm: args.norm ?? null,
  minibatch: args.minibatch ?? null,
  width: args.width ?? null,
  conditional: args.conditional,
});
