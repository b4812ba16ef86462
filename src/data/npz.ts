/** `.npz` files: arrays `x` [N, …] and `y` [N] as `np.savez(file, x=x, y=y)` or `np.savez_compressed` write them. */
import { unzipSync, zipSync } from "fflate";
import { fail, isFloat, sha256, type Tensor } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { readNpy, writeNpy } from "./npy.ts";
import { unit } from "./unit.ts";

const MEND = "save it with np.savez(file, x=x, y=y)";

/** The arrays of a `.npz` file, by name: all, or those of `wanted` that it has. */
export function readNpz(bytes: Uint8Array, name = "the file", wanted?: readonly string[]): Record<string, Tensor> {
  const files = unzip(bytes, name, (array) => wanted?.includes(array) ?? true);
  return Object.fromEntries(Object.entries(files).map(([file, content]) => [file.slice(0, -4), readNpy(content, `${file} of ${name}`)]));
}

function unzip(bytes: Uint8Array, name: string, wanted: (array: string) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter: (entry) => entry.name.endsWith(".npy") && wanted(entry.name.slice(0, -4)) });
  } catch (cause) {
    return fail({ code: "npz-format", expected: `${name} to be a whole .npz file`, got: (cause as Error).message, mend: MEND, cause });
  }
}

/** The bytes of a `.npz` file of the given arrays, not compressed. */
export const writeNpz = (tensors: Readonly<Record<string, Tensor>>): Uint8Array =>
  zipSync(
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [`${name}.npy`, writeNpy(t)])),
    // zip has no time before 1980; a fixed one makes equal arrays equal bytes
    { level: 0, mtime: new Date(1980, 0, 1) },
  );

/**
 * Labelled samples from a `.npz` file. `x` is float32, float64 or uint8 (then divided by 255), images as [N, C, H, W];
 * `y` has any whole-number type. Throws `npz-format`, `npy-format`, `npz-array`, `npz-dtype` and what {@link dataset} throws.
 */
export async function npz(bytes: Uint8Array, name: string): Promise<Dataset> {
  const { x, y } = readNpz(bytes, name, ["x", "y"]);
  if (!x || !y) return missing(bytes, name, "arrays x and y");
  return samplesOf(bytes, name, x, y);
}

/** The same, with `y` or without. Throws what `npz` throws. */
export async function npzSamples(bytes: Uint8Array, name: string): Promise<Dataset> {
  const { x, y } = readNpz(bytes, name, ["x", "y"]);
  if (!x) return missing(bytes, name, "an array x");
  return samplesOf(bytes, name, x, y);
}

async function samplesOf(bytes: Uint8Array, name: string, x: Tensor, y: Tensor | undefined): Promise<Dataset> {
  if (y && isFloat(y.dtype))
    fail({ code: "npz-dtype", expected: `y in ${name} of a whole-number type`, got: y.dtype, mend: "convert it with y.astype(np.int64)" });
  if (y && y.shape.length !== 1)
    fail({
      code: "npz-dtype",
      expected: `y in ${name} of shape [N]`,
      got: `[${y.shape}]`,
      mend: "flatten it with y.ravel(), or one-hot labels with y.argmax(1)",
    });
  return dataset({
    name,
    x: { dtype: "float32", shape: x.shape, data: asFloat32(x, name) },
    ...(y && { y: y.data }),
    range: x.dtype === "uint8" ? [0, 1] : undefined,
    provenance: { source: name, n: x.shape[0] ?? 0, ...(!y && { labels: "none" }), sha256: await sha256(bytes) },
  });
}

function missing(bytes: Uint8Array, name: string, what: string): never {
  const arrays: string[] = [];
  unzip(bytes, name, (array) => arrays.push(array) < 0);
  return fail({ code: "npz-array", expected: `${what} in ${name}`, got: arrays.join(", ") || "no array", mend: MEND });
}

function asFloat32({ dtype, data }: Tensor, name: string): Float32Array {
  if (dtype === "float32") return data as Float32Array;
  if (dtype === "float64") return new Float32Array(data as Float64Array);
  if (dtype === "uint8") return unit(data as Uint8Array);
  return fail({
    code: "npz-dtype",
    expected: `x in ${name} of type float32, float64 or uint8`,
    got: dtype,
    mend: "convert it with x.astype(np.float32)",
  });
}
