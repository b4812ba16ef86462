/** `--out`: the inputs that an attack found, as arrays or as pictures. */
import { host } from "#host";
import { type AttackResult, row } from "../attack/index.ts";
import { fail, type Tensor } from "../base/index.ts";
import { type Dataset, writeNpz } from "../data/index.ts";
import { imageGrid } from "../report/index.ts";

/**
 * FILE.npz: `x` (float32, as the model was asked), `y` (labels), `predicted` (answers to x), `success`. Else a folder: a PNG for each success, rounded to 8 bits
 * a channel, named by its number, its label and the answer.
 */
export async function saveAdversarial(
  out: string,
  x: Tensor<"float32">,
  { samples, range }: Pick<AttackResult, "samples" | "range">,
  data: Dataset,
): Promise<void> {
  if (/\.npz$/i.test(out)) {
    const n = samples.length;
    const column = <T extends "int64" | "uint8">(dtype: T, values: readonly number[]) =>
      ({ dtype, shape: [n], data: dtype === "int64" ? BigInt64Array.from(values, BigInt) : Uint8Array.from(values) }) as Tensor;
    await host.writeFile(
      out,
      writeNpz({
        x,
        y: column(
          "int64",
          samples.map((s) => s.label),
        ),
        predicted: column(
          "int64",
          samples.map((s) => s.adversarialPredicted),
        ),
        success: column(
          "uint8",
          samples.map((s) => Number(s.success)),
        ),
      }),
    );
    return;
  }
  const [channels] = x.shape.slice(1);
  if (x.shape.length !== 4 || (channels !== 1 && channels !== 3))
    fail({
      code: "option-out",
      expected: "--out FILE.npz for samples that are no pictures",
      got: out,
      mend: "give a name that ends in .npz",
    });
  const name = (c: number) => (data.classes[c] ?? `${c}`).replace(/[^\w.-]+/g, "_");
  for (const { index, label, adversarialPredicted, success } of samples) {
    if (!success) continue;
    const one: Tensor<"float32"> = { dtype: "float32", shape: [1, ...x.shape.slice(1)], data: new Float32Array(row(x, index)) };
    const png = await host.encodePng(imageGrid(one, { range }));
    await host.writeFile(`${out}/${String(index).padStart(6, "0")}-${name(label)}-as-${name(adversarialPredicted)}.png`, png);
  }
}
