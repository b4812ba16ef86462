/** Which preprocessing does the file expect? Its accuracy under the usual ones tells. */
import { fail, rows, type Tensor } from "../base/index.ts";
import { type ModelFile, openFile, type RunOptions } from "../run/index.ts";
import { type Asking, type Columns, chunkOf, labelsOf } from "./answers.ts";
import { nearChance } from "./chance.ts";
import { entryOf, feeder } from "./entry.ts";
import { type Preprocessing, preprocessing } from "./preprocessing.ts";
import { columnsOf, entrance, exit, probed } from "./scores.ts";
import { withoutMaps } from "./signature.ts";

export interface TriedPreprocessing {
  /** In words: `0…255, BGR, NHWC`. */
  readonly name: string;
  readonly preprocessing: Preprocessing;
  /** The same as options of the command line: `--scale 255 --channels bgr`. */
  readonly declaration: string;
  /** On the `n` samples, by the file itself. */
  readonly accuracy: number;
  readonly n: number;
  /** Whether that is what guessing gives. */
  readonly chance: boolean;
}

export interface SweepOptions extends RunOptions {
  readonly output?: string | number;
  readonly sizes?: Readonly<Record<string, number>>;
  /** Of the data; default: [0, 1], [−1, 1] or [0, 255], whichever holds all values first, else the least and the greatest. */
  readonly range?: readonly [number, number];
  /** The first so many samples; default 200. */
  readonly limit?: number;
}

interface Values {
  readonly name: string;
  /** Largest value of an image that goes from 0. */
  readonly top: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Channels that the numbers are for; any without. */
  readonly channels?: number;
}

/** What files are usually trained on, as (x·top − mean)/std of images x in [0, 1]. */
const VALUES: readonly Values[] = [
  { name: "0…1", top: 1 },
  { name: "0…255", top: 255 },
  { name: "−1…1", top: 1, mean: [0.5], std: [0.5] },
  { name: "ImageNet mean and std", top: 1, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 3 },
  { name: "0…255 less the ImageNet mean", top: 255, mean: [123.68, 116.779, 103.939], channels: 3 },
  { name: "CIFAR-10 mean and std", top: 1, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616], channels: 3 },
  { name: "MNIST mean and std", top: 1, mean: [0.1307], std: [0.3081], channels: 1 },
  { name: "inverted (1 − x)", top: -1, mean: [-1], channels: 1 },
];

/** Data of `range` [low, high] as images from 0: x·scale − shift, where top is what a value of `high` becomes. */
function declared({ top, mean, std }: Values, [low, high]: readonly [number, number]): Preprocessing {
  const scale = top / (high - low);
  // (x·scale − low·scale − mean)/std
  const shifted = (mean ?? [0]).map((m) => m + low * scale);
  return { ...(scale !== 1 && { scale }), ...(shifted.some((m) => m !== 0) && { mean: shifted }), ...(std && { std }) };
}

/** Shortest that says the number to six digits: 1/255 is 0.00392157. */
const short = (v: number): string => `${Number(v.toPrecision(6))}`;

const optionsOf = ({ scale, mean, std, layout, channels, resize }: Preprocessing): string =>
  [
    scale !== undefined && `--scale ${Number.isInteger(1 / scale) && scale < 1 ? `1/${1 / scale}` : short(scale)}`,
    mean && `--mean ${mean.map(short)}`,
    std && `--std ${std.map(short)}`,
    layout && `--layout ${layout}`,
    channels && `--channels ${channels}`,
    resize && `--resize ${resize}`,
  ]
    .filter(Boolean)
    .join(" ") || "no preprocessing";

function rangeOf({ data }: Tensor<"float32">): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of data) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  const usual = [
    [0, 1],
    [-1, 1],
    [0, 255],
  ] as const;
  return usual.find(([a, b]) => low >= a && high <= b) ?? [low, high];
}

const reversed = (p: Preprocessing): Preprocessing => ({
  ...p,
  channels: "bgr",
  ...(p.mean && { mean: [...p.mean].reverse() }),
  ...(p.std && { std: [...p.std].reverse() }),
});

/** Every sensible combination for a file that takes samples of `file` where the data has `sample`. At most 32. */
function candidates(
  file: readonly number[],
  sample: readonly number[],
  range: readonly [number, number],
): Pick<TriedPreprocessing, "name" | "preprocessing">[] {
  const isImage = file.length === 3;
  const channels = sample.length === 3 ? sample[0]! : sample.length <= 2 ? 1 : undefined;
  const layouts = !isImage
    ? [undefined]
    : (["nchw", "nhwc"] as const).filter((l) => sample.length < 3 || (l === "nchw" ? file[0] : file[2]) === channels);
  return layouts.flatMap((layout) =>
    (isImage && channels === 3 ? (["rgb", "bgr"] as const) : [undefined]).flatMap((order) =>
      VALUES.filter((v) => (v.channels ?? channels) === channels && (isImage || !v.mean || v.mean.length === 1)).map((v) => {
        const values = order === "bgr" ? reversed(declared(v, range)) : declared(v, range);
        const size = layout === "nhwc" ? file.slice(0, 2) : file.slice(1);
        const resized = isImage && sample.length === 3 && (sample[1] !== size[0] || sample[2] !== size[1]);
        return {
          name: [v.name, order === "bgr" && "BGR", layout === "nhwc" && "NHWC", resized && `resized from ${sample[1]}×${sample[2]}`]
            .filter(Boolean)
            .join(", "),
          preprocessing: {
            ...values,
            ...(layout === "nhwc" && { layout }),
            ...(resized && { resize: [sample[1]!, sample[2]!] as const }),
          },
        };
      }),
    ),
  );
}

/**
 * The accuracy of a file on `data` under every usual preprocessing: which range of values, which mean and std, RGB or BGR, NCHW or NHWC. Best
 * first, of equals the simplest: what to declare where the accuracy without is no better than chance.
 * @param data samples [N, …], images as [N, C, H, W] in RGB
 * @throws classifier-input, classifier-output, input-free, label-count
 */
export async function sweepPreprocessing(
  file: Uint8Array | ModelFile,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  { range, limit = 200, output: wanted, sizes = {}, ...run }: SweepOptions = {},
): Promise<readonly TriedPreprocessing[]> {
  const { bytes: given, path, external }: Partial<ModelFile> & { bytes: Uint8Array } = file instanceof Uint8Array ? { bytes: file } : file;
  const n = Math.min(limit, data.x.shape[0]!);
  if (data.labels.length < n)
    fail({ code: "label-count", expected: `${data.x.shape[0]} labels`, got: `${data.labels.length}`, mend: "give one label a sample" });
  const { bytes, signature } = withoutMaps(given);
  const { dtype, shape, batch } = entrance(signature, sizes);
  const { at: output, port } = exit(signature, wanted);
  const program = await openFile(external && path && bytes === given ? path : bytes, run);
  const x = rows(data.x, 0, n);
  try {
    const tried: TriedPreprocessing[] = [];
    let columns: Columns | undefined;
    for (const candidate of candidates(shape, data.x.shape.slice(1), range ?? rangeOf(x))) {
      const entry = entryOf(dtype, shape, preprocessing(candidate.preprocessing));
      const front = await feeder(entry, run);
      const asking: Asking = {
        file: program,
        output,
        batch: batch ?? chunkOf(shape),
        dynamic: batch === null,
        feeder: front,
        inputShape: entry.inputShape,
      };
      try {
        columns ??= await columnsOf(asking, await probed(asking), port, signature, []);
        const labels = await labelsOf(asking, columns, x);
        const accuracy = labels.filter((c, i) => c === data.labels[i]).length / Math.max(n, 1);
        const declaration = optionsOf(candidate.preprocessing);
        tried.push({ ...candidate, declaration, accuracy, n, chance: nearChance(accuracy, columns.classes, n) });
      } finally {
        await front.release();
      }
    }
    if (!columns)
      return fail({
        code: "input-size",
        expected: `samples for a file that takes [${shape}]`,
        got: `[${data.x.shape.slice(1)}], which no order of axes makes of it`,
        mend: "use the data the model was trained on",
      });
    // stable: of equals the first, which is the simplest
    return tried.sort((a, b) => b.accuracy - a.accuracy);
  } finally {
    await program.release();
  }
}
