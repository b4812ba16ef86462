/** A generator, and its discriminator, as files: what has to be known beside the graph to draw samples, and to be told real from generated. */
import { z } from "zod";
import { concatenate, fail, fold, rows, seedKey, sha256, size, type Tensor } from "../base/index.ts";
import type { Pool } from "../data/index.ts";
import { input } from "../graph/index.ts";
import { decode } from "../onnx/index.ts";
import { type FileProgram, modelFile, openFile, type RunOptions } from "../run/index.ts";
import { drawNoise } from "../train/index.ts";
import type { Gan, Latent } from "./gan.ts";
import type { Source } from "./metric/index.ts";
import { OPTIMA } from "./objective/index.ts";
import { classesInTurn } from "./sample.ts";

type Numbers = Tensor<"float32">;

/** Key of the metadata that says it. */
const GENERATOR = "counterfoil.generator";
const DISCRIMINATOR = "counterfoil.discriminator";

const generatorFacts = z.object({
  latent: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("normal") }),
    z.object({ kind: z.literal("uniform"), low: z.number(), high: z.number() }),
  ]),
  classes: z.number().int().min(2).nullable(),
  classNames: z.array(z.string()).optional(),
  range: z.tuple([z.number(), z.number()]),
  data: z.string(),
  split: z.object({ seed: z.number(), limit: z.number().nullable() }).optional(),
});
const discriminatorFacts = z.object({
  pack: z.number().int().min(1),
  threshold: z.number().nullable(),
  optimum: z.enum(OPTIMA).nullable().default(null),
});

/** How the data were parted into what was learnt from and what was held out. */
export interface Split {
  readonly seed: number;
  readonly limit: number | null;
}

/** To write into generator.onnx. */
export const generatorMetadata = (
  { latent, classes }: Gan,
  { range, classNames }: Pick<Pool, "range" | "classNames">,
  data: string,
  split?: Split,
): Record<string, string> => ({
  [GENERATOR]: JSON.stringify({ latent: latent.draw, classes, ...(classes !== null && { classNames }), range, data, split }),
});

/** To write into discriminator.onnx. */
export const discriminatorMetadata = ({ pack, objective }: Gan): Record<string, string> => ({
  [DISCRIMINATOR]: JSON.stringify({ pack, threshold: objective.threshold, optimum: objective.optimum }),
});

export interface GeneratorFile {
  readonly path: string;
  readonly sha256: string;
  readonly latent: Latent;
  /** Classes of a conditional one; null without. */
  readonly classes: number | null;
  /** Their names, where they have any but their numbers. */
  readonly classNames: readonly string[] | null;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Of the data it learnt from. */
  readonly range: readonly [number, number];
  /** What it learnt from, as its file says; null where it does not. */
  readonly data: string | null;
  /** How it was parted, by which the same samples are held out again; null where the file does not say. */
  readonly split: Split | null;
  readonly runtime: string;
  /** What was assumed. */
  readonly notes: readonly string[];
  /** Latent vectors [n, z], times `truncation`. */
  draw(n: number, seed: number, truncation?: number): Numbers;
  /** Samples [n, …] of latent vectors [n, z], of the classes int64 [n] of a conditional one (default in turn). */
  sample(latent: Numbers, labels?: Tensor<"int64">): Promise<Numbers>;
  release(): Promise<void>;
}

/** Samples at a time. */
const ROWS = 250;

/** Run a file on rows of its inputs, some at a time, and join what its first output says. */
async function inParts(file: FileProgram, feeds: readonly Tensor[]): Promise<Numbers> {
  const n = feeds[0]!.shape[0]!;
  const parts: Numbers[] = [];
  for (let at = 0; at < n; at += ROWS) parts.push((await file.run(feeds.map((t) => rows(t, at, Math.min(at + ROWS, n)))))[0] as Numbers);
  return concatenate(parts);
}

function factsOf<S extends z.ZodType>(schema: S, text: string, path: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    return fail({
      code: "generator-file",
      expected: `${path} to say what its samples are drawn from`,
      got: text.slice(0, 200),
      mend: "write it again with counterfoil gan",
      cause,
    });
  }
}

/**
 * Open a generator: inputs latent [N, z] (or [N, z, 1, 1]), and of a conditional one labels int64 [N]; its first output is samples [N, …]. Of a file that `gan` wrote the latent distribution,
 * the range and the classes are known; of another file normal noise is assumed, and said.
 * @throws generator-file, and what `modelFile` throws
 */
export async function loadGenerator(path: string, run: RunOptions = {}): Promise<GeneratorFile> {
  const { bytes } = await modelFile(path);
  const { inputs, metadata } = decode(bytes);
  const told = metadata[GENERATOR];
  const facts = told === undefined ? null : factsOf(generatorFacts, told, path);
  const [z, labels, ...others] = inputs;
  const width = z?.dims[1];
  const listed = inputs.map((i) => `${i.name}: ${i.dtype} [${i.dims.join(", ")}]`).join(", ");
  // convolutions from the start take [N, z, 1, 1]
  const ones = z?.dims.slice(2) ?? [];
  if (
    !z ||
    z.dims.length < 2 ||
    ones.some((d) => d !== 1) ||
    typeof width !== "number" ||
    !z.dtype.startsWith("float") ||
    others.length > 0 ||
    (labels && labels.dtype !== "int64")
  )
    fail({
      code: "generator-file",
      expected: "a generator: an input of latent vectors [N, z] (or [N, z, 1, 1]), and of a conditional one labels int64 [N]",
      got: `${path} with ${listed || "no input"}`,
      mend: "name the generator.onnx of a run of counterfoil gan, or export yours so",
    });
  const latent: Latent = { size: width as number, draw: facts?.latent ?? { kind: "normal" } };
  const file = await openFile(bytes, run);
  const pixel = (x: Numbers): Numbers => ({ ...x, shape: [...x.shape, ...ones.map(() => 1)] });
  const sample: GeneratorFile["sample"] = (x, asked) =>
    inParts(file, labels ? [pixel(x), asked ?? classesInTurn(x.shape[0]!, facts?.classes ?? 1)] : [pixel(x)]);
  try {
    const draw: GeneratorFile["draw"] = (n, seed, truncation = 1) => {
      const [x] = drawNoise(fold(seedKey(seed), "sample"), [{ value: input("float32", [n, latent.size]), draw: latent.draw }]) as [Numbers];
      return truncation === 1 ? x : { ...x, data: x.data.map((v) => truncation * v) };
    };
    const probe = await sample(draw(2, 0));
    if (size(probe.shape) !== 2 * size(probe.shape.slice(1)))
      fail({
        code: "generator-file",
        expected: "as many samples as latent vectors",
        got: `[${probe.shape}] of 2`,
        mend: "export it with a free batch",
      });
    const strange = facts === null ? ["the file does not say what its noise is: normal noise is assumed, and values in [0, 1]"] : [];
    return {
      path,
      sha256: await sha256(bytes),
      latent,
      classes: labels ? (facts?.classes ?? null) : null,
      classNames: (labels && facts?.classNames) ?? null,
      shape: probe.shape.slice(1),
      range: facts?.range ?? [0, 1],
      data: facts?.data ?? null,
      split: facts?.split ?? null,
      runtime: file.runtime,
      notes: strange,
      draw,
      sample,
      release: file.release,
    };
  } catch (error) {
    await file.release();
    throw error;
  }
}

/** Logits of samples [n, …] by a discriminator file that `gan` wrote: one for each pack. */
export async function loadDiscriminator(path: string, run: RunOptions = {}) {
  const { bytes } = await modelFile(path);
  const told = decode(bytes).metadata[DISCRIMINATOR];
  const { pack, ...facts } = factsOf(discriminatorFacts, told ?? "nothing", path);
  const file = await openFile(bytes, run);
  return {
    ...facts,
    // of packs, whose logits are not of points
    optimum: pack === 1 ? facts.optimum : null,
    pack,
    async logits(x: Numbers, labels?: ArrayLike<number>): Promise<ArrayLike<number>> {
      const [n, first, ...rest] = x.shape as [number, number, ...number[]];
      const packs = Math.floor(n / pack);
      const packed: Numbers = { ...rows(x, 0, packs * pack), shape: [packs, pack * first, ...rest] };
      const told: Tensor = { dtype: "int64", shape: [packs * pack], data: BigInt64Array.from(Array.from(labels ?? []), BigInt) };
      return (await inParts(file, labels ? [packed, told] : [packed])).data;
    },
    release: file.release,
  };
}

/** A file, as metrics see it. */
export const sourceOfFile = (
  generator: GeneratorFile,
  discriminator: Awaited<ReturnType<typeof loadDiscriminator>> | null,
  truncation = 1,
): Source => ({
  classes: generator.classes,
  async sample(n, seed) {
    const labels = generator.classes === null ? undefined : classesInTurn(n, generator.classes);
    const x = await generator.sample(generator.draw(n, seed, truncation), labels);
    return { x, labels: labels ? Int32Array.from(labels.data, Number) : null };
  },
  judge: discriminator,
});
