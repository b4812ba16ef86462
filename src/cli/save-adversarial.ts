/** `--out`: the inputs that an attack found, as arrays or as pictures. */
import { host } from "#host";
import { type AttackResult, row } from "../attack/index.ts";
import { fail, type Tensor, take } from "../base/index.ts";
import { CLASS_LIST, type Dataset, writeNpz } from "../data/index.ts";
import type { LabelModel } from "../model/index.ts";
import { imageGrid } from "../report/index.ts";
import { writable } from "./writable.ts";

type Result = Pick<AttackResult, "samples" | "range">;
type Save = (model: LabelModel, adversarial: Tensor<"float32">, result: Result) => Promise<string>;

/**
 * How to save to `out`; refuses before anything is attacked. FILE.npz: `x` (float32), `y` (labels), `predicted` (the model's answers to x), `success`. Else a folder: a PNG for each
 * success, rounded to 8 bits a channel and asked about again, named by its number and that answer, in a folder of its label, and `classes.txt`, the labels' names: what `--data` reads.
 * Returns what to say.
 */
export async function saving(out: string, data: Dataset): Promise<Save> {
  if (/\.npz$/i.test(out)) {
    await writable(out);
    return (model, x, result) => toArrays(out, model, x, result);
  }
  const [channels] = data.inputShape;
  if (data.inputShape.length !== 3 || (channels !== 1 && channels !== 3))
    fail({
      code: "option-out",
      expected: "--out FILE.npz for samples that are no pictures",
      got: out,
      mend: "give a name that ends in .npz",
    });
  if (/\.(png|jpe?g|npy|csv|json)$/i.test(out) || (await host.kind(out)) === "file")
    fail({
      code: "option-out",
      expected: "--out to be FILE.npz, or a folder for a picture of each success",
      got: out,
      mend: `give a name like ${out.replace(/\.\w+$/, "")}.npz, or that of a folder`,
    });
  if ((await host.kind(out)) === "directory" && (await host.readDir(out)).length > 0)
    fail({
      code: "option-out",
      expected: "an empty folder, or none yet",
      got: `${out}, which has something in it`,
      mend: "choose another, or empty it",
    });
  await writable(`${out}/picture.png`);
  return (model, x, result) => toPictures(out, model, x, result, data);
}

async function toArrays(out: string, model: LabelModel, x: Tensor<"float32">, { samples }: Result): Promise<string> {
  const n = samples.length;
  const classes = (values: ArrayLike<number>): Tensor => ({
    dtype: "int64",
    shape: [n],
    data: BigInt64Array.from(Array.from(values), BigInt),
  });
  const arrays = {
    x,
    y: classes(samples.map((s) => s.label)),
    predicted: classes(await model.labels(x)),
    success: { dtype: "uint8" as const, shape: [n], data: Uint8Array.from(samples, (s) => Number(s.success)) },
  };
  await host.writeFile(out, writeNpz(arrays));
  return `saved ${out}`;
}

async function toPictures(
  out: string,
  model: LabelModel,
  x: Tensor<"float32">,
  { samples, range }: Result,
  data: Dataset,
): Promise<string> {
  const [low, high] = range;
  const found = samples.filter((s) => s.success);
  const some = take(
    x,
    found.map((s) => s.index),
  );
  // what the file holds, in the model's numbers
  const stored = { ...some, data: some.data.map((v) => low + (Math.round((255 * (v - low)) / (high - low)) / 255) * (high - low)) };
  const answers = found.length > 0 ? await model.labels(stored) : new Int32Array();
  const plain = data.classes.map((c) => c.replace(/[^\w.-]+/g, "_"));
  const names = new Set(plain).size < plain.length ? plain.map((_, c) => `${c}`) : plain;
  const name = (c: number) => names[c] ?? `${c}`;
  // a class of which nothing was turned has no folder, and the others keep their numbers
  await host.writeFile(`${out}/${CLASS_LIST}`, names.map((c) => `${c}\n`).join(""));
  for (const [k, { index, label }] of found.entries()) {
    const one: Tensor<"float32"> = { dtype: "float32", shape: [1, ...data.inputShape], data: new Float32Array(row(stored, k)) };
    const png = await host.encodePng(imageGrid(one, { range }));
    await host.writeFile(`${out}/${name(label)}/${String(index).padStart(6, "0")}-as-${name(answers[k]!)}.png`, png);
  }
  const wrong = found.filter((s, k) => answers[k] !== s.label).length;
  return `saved ${found.length} pictures in ${out}; rounded to 8 bits, ${wrong} of them are still wrong`;
}
