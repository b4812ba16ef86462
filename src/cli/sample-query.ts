/** The short form of a property: a sample of some data keeps its class within ε. */
import type { ArgsDef } from "citty";
import { fail, sha256 } from "../base/index.ts";
import { loadData } from "../data/index.ts";
import { fileBeside, load } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { claimed } from "../verify/index.ts";
import { sizesOf } from "./model.ts";
import { choice, maybeNumber, number } from "./options.ts";
import type { Asked } from "./query.ts";

export const sampleArgs = {
  data: {
    type: "string",
    description: "in the place of a property: that a sample of mnist:test, a folder, file.npz or file.csv keeps its class within --epsilon",
  },
  sample: { type: "string", description: "of --data: which one, counted from 0 (default: 0)" },
  epsilon: { type: "string", description: "of --data: the radius, in the data's units" },
  norm: { type: "string", description: "of --data: linf, l2 or l1 (default: linf)" },
  target: { type: "string", description: "of --data: only this class must not overtake the sample's (default: none must)" },
} as const satisfies ArgsDef;

type Given = { readonly [name in keyof typeof sampleArgs]?: string } & {
  readonly model: string;
  readonly property?: string;
  readonly network?: string;
  readonly size?: string;
};

/** Refuse options of --data without it. */
export function withoutSample(args: Given): void {
  const lost = (["sample", "epsilon", "norm", "target"] as const).find((name) => args[name] !== undefined);
  if (lost !== undefined)
    fail({ code: "option-data", expected: `--data, which --${lost} speaks of`, got: "none", mend: `add --data, or leave --${lost} out` });
}

/**
 * The model, and that sample `--sample` of `--data` keeps the class that the data give it.
 * @throws option-…, data-…, file-missing, and what opening a classifier throws
 */
export async function sampleAsked(args: Given & { readonly data: string }): Promise<Asked> {
  const { property, network, epsilon: radius } = args;
  if (property !== undefined || network !== undefined)
    fail({
      code: "option-data",
      expected: "either a property, or --data",
      got: `both ${property ?? `--network ${network}`} and --data ${args.data}`,
      mend: "leave one of them out",
    });
  if (radius === undefined)
    fail({ code: "option-data", expected: "--epsilon beside --data", got: "none", mend: "say within which radius, as --epsilon 0.03" });
  const epsilon = number("epsilon", radius, { least: 0 });
  const norm = choice("norm", args.norm ?? "linf", ["linf", "l2", "l1"] as const);
  const at = maybeNumber("sample", args.sample, { least: 0, whole: true }) ?? 0;
  const target = maybeNumber("target", args.target, { least: 0, whole: true });
  const beside = await fileBeside(args.model);
  if (beside !== undefined)
    fail({
      code: "option-data",
      expected: "a model that takes the data as they are, beside --data",
      got: `${args.model}, of which ${beside} says how they are prepared`,
      mend: "ask certify, or write the property in a file",
    });
  const file = await modelFile(args.model);
  const data = await loadData(args.data, { limit: at + 1 });
  const label = data.y[at];
  if (label === undefined)
    fail({
      code: "option-sample",
      expected: `a sample of ${data.name} from 0 to ${data.y.length - 1}`,
      got: `${at}`,
      mend: "choose one of those",
    });
  const sizes = sizesOf(args.size);
  const classifier = await load(args.model, { ...(sizes && { sizes }) });
  try {
    const all = classifier.samples(data.x);
    const n = all.data.length / all.shape[0]!;
    const claim = {
      x: all.data.slice(at * n, (at + 1) * n),
      label,
      norm,
      epsilon,
      range: data.range,
      ...(target !== undefined && { target }),
    };
    const specification = claimed(claim, classifier.classes);
    const path = `${data.name}, sample ${at} of class ${label}, ${norm} ${epsilon}${target === undefined ? "" : `, target ${target}`}`;
    const told = new TextEncoder().encode(JSON.stringify({ ...claim, x: [...claim.x] }));
    const query = {
      format: "sample",
      network: null,
      inputs: [{ name: "x", type: "Real", shape: [n] }],
      outputs: [{ name: "y", type: "Real", shape: [classifier.classes] }],
      specification,
    };
    return { file, query, property: { path, sha256: await sha256(told), format: "sample" } };
  } finally {
    await classifier.release();
  }
}
