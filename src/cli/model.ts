/** The options that say how a model is fed and read, of every command that opens one. */
import type { ArgsDef } from "citty";
import { fail } from "../base/index.ts";
import { checkedPreprocessing, fileBeside, type OpenOptions, type Preprocessing, readPreprocessing } from "../model/index.ts";
import { choice, maybeNumber, number } from "./options.ts";
import { say } from "./output.ts";

export const modelArgs = {
  preprocessing: {
    type: "string",
    description: "JSON file with the options below (default: model.preprocessing.json beside model.onnx, where it is)",
  },
  scale: { type: "string", description: "what the data is multiplied by, first: 255, or 1/255" },
  mean: { type: "string", description: "then taken off: one number, or one a channel (0.485,0.456,0.406)" },
  std: { type: "string", description: "then divided by: one number, or one a channel" },
  layout: { type: "string", description: "order of axes that the file takes: nchw (default) or nhwc" },
  channels: { type: "string", description: "order of channels that the file takes: rgb (default) or bgr" },
  resize: { type: "string", description: "height and width of the images (H,W), to be brought to the file's" },
  output: { type: "string", description: "output with the scores: its name or number (default: the first that can be)" },
  size: { type: "string", description: "sizes of free dimensions: height=224,width=224" },
} as const satisfies ArgsDef;

type ModelArgs = { readonly [K in keyof typeof modelArgs]?: string };

const list = (name: string, text: string | undefined): number[] | undefined => text?.split(",").map((part) => number(name, part));

/** `H,W`, `HxW`, or one number for both. */
function heightAndWidth(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(/[,x×]/).map((part) => number("resize", part, { least: 1, whole: true }));
  if (parts.length > 2)
    fail({ code: "option-number", expected: "--resize to be a height and a width", got: `“${text}”`, mend: "pass --resize H,W" });
  return [parts[0]!, parts[1] ?? parts[0]!];
}

/** `name=number,name=number`; a name may hold what it likes but “=” and “,”. */
export function sizesOf(text: string | undefined): Record<string, number> | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split(",").map((part) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(part.trim()) ?? [];
    if (name === undefined)
      fail({
        code: "option-size",
        expected: "--size as NAME=NUMBER, with commas between",
        got: `“${part}”`,
        mend: "pass --size height=224,width=224",
      });
    return [name!, number("size", value, { least: 1, whole: true })] as const;
  });
  return Object.fromEntries(pairs);
}

/**
 * How to open the model at `path`: the declaration in the file that was named, or in the one beside the model; single options take the place of
 * what it says.
 * @throws preprocessing, option-…, file-missing
 */
export async function modelOptions(args: ModelArgs, path: string): Promise<OpenOptions & { readonly preprocessing?: Preprocessing }> {
  const own: Preprocessing = {
    ...(args.scale !== undefined && { scale: number("scale", args.scale) }),
    ...(args.mean !== undefined && { mean: list("mean", args.mean)! }),
    ...(args.std !== undefined && { std: list("std", args.std)! }),
    ...(args.layout !== undefined && { layout: choice("layout", args.layout, ["nchw", "nhwc"] as const) }),
    ...(args.channels !== undefined && { channels: choice("channels", args.channels, ["rgb", "bgr"] as const) }),
    ...(args.resize !== undefined && { resize: heightAndWidth(args.resize)! }),
  };
  const beside = args.preprocessing === undefined ? await fileBeside(path) : undefined;
  if (beside !== undefined) say(`preprocessing as ${beside} declares it`);
  const file = args.preprocessing ?? beside;
  const declared = file === undefined ? undefined : await readPreprocessing(file);
  const preprocessing = declared || Object.keys(own).length > 0 ? checkedPreprocessing({ ...declared, ...own }, "the options") : undefined;
  const sizes = sizesOf(args.size);
  const output = args.output === undefined || !/^\d+$/.test(args.output) ? args.output : maybeNumber("output", args.output);
  return { ...(preprocessing && { preprocessing }), ...(output !== undefined && { output }), ...(sizes && { sizes }) };
}
