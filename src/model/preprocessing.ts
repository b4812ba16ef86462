/** What lies between the user's images and the file's input, declared once as plain data and emitted as graph. */

import { z } from "zod";
import { host } from "#host";
import { CounterfoilError, fail, size, tensor } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";

const finite = z.number("to be a number");
const several = z.union([finite.transform((v) => [v]), z.array(finite).min(1, "to hold at least one number")], {
  error: "to be a number, or a list of numbers, one a channel",
});
const pixels = z.int("to be two whole numbers ≥ 1").min(1, "to be two whole numbers ≥ 1");

const schema = z.strictObject(
  {
    scale: finite.refine((v) => v !== 0, "to be a number other than 0").optional(),
    mean: several.optional(),
    std: several.refine((all) => all.every((v) => v > 0), "to be numbers > 0").optional(),
    layout: z.enum(["nchw", "nhwc"], "to be nchw or nhwc").optional(),
    channels: z.enum(["rgb", "bgr"], "to be rgb or bgr").optional(),
    resize: z.tuple([pixels, pixels], "to be two whole numbers ≥ 1").optional(),
  },
  "to be an object",
);

/**
 * The user's samples are [N, C, H, W] in RGB, in the data's own range; ε is measured there. The file is fed, in this order:
 *
 * 1. x·`scale`: 255 for a file that takes bytes where the data is in [0, 1]. Default 1.
 * 2. `channels` "bgr": the three channels in the opposite order. Default "rgb".
 * 3. `resize` [h, w], *height and width of the user's images*: brought to what the file takes by ONNX's Resize, mode linear, coordinates half_pixel,
 *    no antialias. That is PyTorch's `interpolate(mode="bilinear", align_corners=False)` and OpenCV's INTER_LINEAR; PIL's bilinear is another
 *    one where it shrinks, as it averages. Default: images of the file's size.
 * 4. (x − `mean`)/`std`, one number or one a channel, in the order in which the file has its channels, in units of x·scale. Defaults 0 and 1.
 * 5. `layout` "nhwc": the file takes [N, H, W, C]. Default "nchw".
 *
 * Of samples that are no images only scale, mean and std make sense: one number or one a feature.
 */
export interface Preprocessing {
  readonly scale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly layout?: "nchw" | "nhwc";
  readonly channels?: "rgb" | "bgr";
  readonly resize?: readonly [number, number];
}

/** Preprocessing as something that a graph is built with. */
export interface InputMap {
  /** Shape of one sample of the user's, given the file's. */
  inputShape(file: readonly number[]): readonly number[];
  /** The user's [N, …] → what the file takes, of shape [N, …file]. */
  emit(e: Emit, x: Value, file: readonly number[]): Value;
  /** The declaration behind it, for reports. */
  readonly declared?: Preprocessing;
}

const refuse = (expected: string, got: string, mend: string): never => fail({ code: "preprocessing", expected, got, mend });

/**
 * Check a declaration.
 * @param where names it in errors
 * @throws preprocessing
 */
export function checkedPreprocessing(declared: unknown, where = "the preprocessing"): Preprocessing {
  const { success, data, error } = schema.safeParse(declared);
  if (success) return data;
  const [issue] = error.issues;
  const name = issue!.path[0] ?? "";
  const value = name === "" ? declared : (declared as Record<PropertyKey, unknown>)[name];
  if (issue!.code === "unrecognized_keys")
    return refuse(
      `${where} of ${Object.keys(schema.shape).join(", ")}`,
      `“${issue!.keys.join("”, “")}”`,
      "leave it out, or correct its spelling",
    );
  return refuse(`${String(name) || where} ${issue!.message}`, JSON.stringify(value) ?? "nothing", `correct it in ${where}`);
}

/** [C, H, W] of a file's sample; null where it is no image. */
const image = (file: readonly number[], { layout = "nchw" }: Preprocessing): readonly [number, number, number] | null =>
  file.length !== 3 ? null : layout === "nhwc" ? [file[2]!, file[0]!, file[1]!] : [file[0]!, file[1]!, file[2]!];

function checkFits(p: Preprocessing, file: readonly number[]): void {
  const at = image(file, p);
  const shape = `[N${file.map((d) => `, ${d}`).join("")}]`;
  if (!at && (p.resize || p.channels === "bgr" || p.layout === "nhwc"))
    refuse("images, for a layout, an order of channels or a resize", `a file that takes ${shape}`, "declare scale, mean and std only");
  const count = at?.[0] ?? size(file);
  for (const what of ["mean", "std"] as const)
    if (p[what] && p[what].length !== 1 && p[what].length !== count)
      refuse(
        `one number as ${what}, or ${count}: one a ${at ? "channel" : "feature"} of the file's input ${shape}`,
        `${p[what].length}`,
        at && at[0] > 4 ? "give as many, or declare the layout that the file takes (--layout nhwc)" : "give as many",
      );
  if (p.channels === "bgr" && at?.[0] !== 3)
    refuse("images of 3 channels to turn from RGB to BGR", `${at![0]}`, "leave the order of channels out");
}

/** A scale that brings `from` pixels to `to`, whatever float32 makes of it: onnxruntime takes ⌊from·scale⌋ in float32. */
function resizeScale(from: number, to: number): number {
  let scale = Math.fround(to / from);
  while (Math.floor(Math.fround(from * scale)) < to) scale = Math.fround(scale * (1 + 2 ** -23));
  return scale;
}

/** Per-channel numbers that broadcast over [N, C, H, W], or over [N, …file] where that is no image. */
const perChannel = (e: Emit, values: readonly number[], file: readonly number[], isImage: boolean): Value =>
  e.constant(tensor(values, values.length === 1 ? [] : isImage ? [1, values.length, 1, 1] : [1, ...file]));

/**
 * A declaration as graph.
 * @throws preprocessing, also from its methods where it does not fit the file
 */
export function preprocessing(declared: Preprocessing): InputMap {
  const p = checkedPreprocessing(declared);
  return {
    declared: p,
    inputShape(file) {
      checkFits(p, file);
      const at = image(file, p);
      return at ? [at[0], ...(p.resize ?? [at[1], at[2]])] : file;
    },
    emit(e, x, file) {
      const at = image(file, p);
      let y = x;
      if (p.scale !== undefined && p.scale !== 1) y = e.Mul(y, e.scalar(p.scale, y));
      if (p.channels === "bgr") y = e.Gather(y, e.ints([2, 1, 0]), { axis: 1 });
      if (at && p.resize && (p.resize[0] !== at[1] || p.resize[1] !== at[2])) {
        const scales = e.constant(tensor([1, 1, resizeScale(p.resize[0], at[1]), resizeScale(p.resize[1], at[2])], [4]));
        y = e.node("Resize", [y, null, scales], { mode: "linear", coordinate_transformation_mode: "half_pixel" })[0]!;
      }
      if (p.mean) y = e.Sub(y, perChannel(e, p.mean, file, at !== null));
      if (p.std) y = e.Div(y, perChannel(e, p.std, file, at !== null));
      return at && p.layout === "nhwc" ? e.Transpose(y, { perm: [0, 2, 3, 1] }) : y;
    },
  };
}

/** Where the declaration of `model.onnx` may lie: `model.preprocessing.json`, or `model.onnx.preprocessing.json`. */
const besideModel = (path: string): readonly string[] => [path.replace(/(\.onnx)?$/, ".preprocessing.json"), `${path}.preprocessing.json`];

/** Read a declaration from a JSON file. */
export async function readPreprocessing(path: string): Promise<Preprocessing> {
  const text = new TextDecoder().decode(await host.readFile(path));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new CounterfoilError({ code: "preprocessing", expected: `JSON in ${path}`, got, mend: "correct the file", cause });
  }
  return checkedPreprocessing(json, path);
}

/** The file that declares the preprocessing of the model at `path`, where there is one. */
export async function fileBeside(path: string): Promise<string | undefined> {
  for (const file of besideModel(path)) if ((await host.kind(file)) === "file") return file;
  return undefined;
}

/** The declaration beside a model file, where there is one. */
export async function preprocessingBeside(path: string): Promise<Preprocessing | undefined> {
  const file = await fileBeside(path);
  return file === undefined ? undefined : readPreprocessing(file);
}
