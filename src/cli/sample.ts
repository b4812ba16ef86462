import { defineCommand } from "citty";
import { host } from "#host";
import { fail, rows, type Tensor } from "../base/index.ts";
import { writeNpz } from "../data/index.ts";
import { type GeneratorFile, loadGenerator } from "../gan/index.ts";
import { imageGrid } from "../report/index.ts";
import { jsonArg, number, rangeOf, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { printJson, say } from "./output.ts";
import { apart, writable } from "./writable.ts";

type Numbers = Tensor<"float32">;

const command = defineCommand({
  meta: { name: "sample", description: "Draw samples of a generator." },
  args: {
    generator: { type: "positional", description: "the ONNX file: latent vectors [N, z] to samples [N, …]", required: true },
    n: { type: "string", description: "how many", default: "64" },
    out: { type: "string", alias: "o", description: "grid.png, samples.npz, or a folder for a picture of each", required: true },
    truncation: { type: "string", description: "factor of the latent vectors, from 0 (the mean sample) to 1", default: "1" },
    class: { type: "string", description: "of a conditional generator: this class only, by number or name (default: all in turn)" },
    range: { type: "string", description: "values that are black and white, as 0,1 (default: as the file says)" },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const n = number("n", args.n, { least: 1, whole: true });
    const truncation = number("truncation", args.truncation, { least: 0, most: 1 });
    await apart(args.out, args.generator);
    const generator = await loadGenerator(args.generator, run);
    try {
      const labels = labelsOf(generator, n, args.class);
      const range = args.range === undefined ? generator.range : rangeOf(args.range);
      const save = await saver(args.out, generator, range);
      const x = await generator.sample(generator.draw(n, seed, truncation), labels);
      await save(x, labels);
      for (const note of generator.notes) say(`  note: ${note}`);
      say(`${args.out}: ${n} samples of ${args.generator}, seed ${seed}, truncation ${truncation}`);
      if (args.json)
        printJson({
          command: "sample",
          generator: { path: args.generator, sha256: generator.sha256, data: generator.data },
          n,
          seed,
          truncation,
          class: args.class === undefined ? null : Number(labels!.data[0]),
          ...(generator.classNames && { classNames: generator.classNames }),
          latent: { size: generator.latent.size, ...generator.latent.draw },
          shape: x.shape,
          out: args.out,
          runtime: generator.runtime,
          notes: generator.notes,
        });
      return 0;
    } finally {
      await generator.release();
    }
  },
});

function labelsOf({ classes, classNames, path }: GeneratorFile, n: number, asked: string | undefined): Tensor<"int64"> | undefined {
  if (classes === null) {
    if (asked !== undefined)
      fail({
        code: "generator-class",
        expected: "a conditional generator, to ask for a class",
        got: `${path}, which is none`,
        mend: "leave --class out",
      });
    return undefined;
  }
  const named = classNames?.indexOf(asked!) ?? -1;
  const wanted = named >= 0 ? named : asked === undefined ? undefined : /^\d+$/.test(asked) ? Number(asked) : Number.NaN;
  if (wanted !== undefined && !(wanted < classes))
    fail({
      code: "generator-class",
      expected: `a class from 0 to ${classes - 1}${classNames ? `, or a name: ${classNames.slice(0, 10).join(", ")}` : ""}`,
      got: asked!,
      mend: "choose one of those",
    });
  return { dtype: "int64", shape: [n], data: BigInt64Array.from({ length: n }, (_, i) => BigInt(wanted ?? i % classes)) };
}

type Save = (x: Numbers, labels: Tensor<"int64"> | undefined) => Promise<void>;

/** How to save to `out`; refused before anything is drawn. */
async function saver(out: string, { shape, classNames }: GeneratorFile, range: readonly [number, number]): Promise<Save> {
  if (/\.npz$/i.test(out)) {
    await writable(out);
    return (x, labels) => host.writeFile(out, writeNpz({ x, ...(labels && { y: labels }) }));
  }
  if (shape.length !== 3 || (shape[0] !== 1 && shape[0] !== 3))
    fail({
      code: "option-out",
      expected: "--out FILE.npz for samples that are no pictures",
      got: out,
      mend: "give a name that ends in .npz",
    });
  if (/\.png$/i.test(out)) {
    await writable(out);
    return async (x) => host.writeFile(out, await host.encodePng(imageGrid(x, { range })));
  }
  if (/\.\w{2,4}$/.test(out) || (await host.kind(out)) === "file")
    fail({ code: "option-out", expected: "--out FILE.png, FILE.npz, or a folder", got: out, mend: "give such a name" });
  await writable(`${out}/picture.png`);
  const folders = classNames?.map((name) => name.replace(/[^\w.-]+/g, "_"));
  return async (x, labels) => {
    for (let i = 0; i < x.shape[0]!; i++) {
      const k = labels && Number(labels.data[i]);
      const place = k === undefined ? out : `${out}/${folders?.[k] ?? k}`;
      await host.writeFile(`${place}/${String(i).padStart(6, "0")}.png`, await host.encodePng(imageGrid(rows(x, i, i + 1), { range })));
    }
  };
}

export default withExamples(command, [
  "counterfoil sample runs/digits/generator.onnx -n 64 --truncation 0.7 -o grid.png",
  "counterfoil sample runs/digits/generator.onnx -n 10000 -o samples.npz --seed 7",
]);
