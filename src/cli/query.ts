/** The model and the property that commands of verification are given: MODEL PROPERTY, or QUERY --network NAME=MODEL. */
import type { ArgsDef } from "citty";
import { host } from "#host";
import { fail, sha256, size } from "../base/index.ts";
import { read } from "../onnx/index.ts";
import { builder } from "../pass/index.ts";
import { type ModelFile, modelFile } from "../run/index.ts";
import { type Query, readSpecification, type SpecificationOptions } from "../verify/index.ts";
import { sizesOf } from "./model.ts";

export const queryArgs = {
  model: { type: "positional", description: "the ONNX file (with --network: the VNN-LIB 2 query)", required: true },
  property: { type: "positional", description: "VNN-LIB 1 or 2, or JSON; may be gzipped", required: false },
  network: { type: "string", description: "NAME=model.onnx: the network that a VNN-LIB 2 query declares" },
  size: { type: "string", description: "sizes of free dimensions: height=224,width=224" },
} as const satisfies ArgsDef;

interface Given {
  readonly model: string;
  readonly property?: string;
  readonly network?: string;
  readonly size?: string;
}

export interface Asked {
  readonly file: ModelFile;
  readonly query: Query;
  readonly property: { readonly path: string; readonly sha256: string; readonly format: string };
}

/** Elements of all outputs of a file. */
const outputsOf = ({ bytes, external }: ModelFile, sizes?: Readonly<Record<string, number>>): number =>
  read(bytes, builder(), { sizes, external }).outputs.reduce((n, v) => n + size(v.type.shape), 0);

/** @throws option-network, file-missing, and what reading a specification throws */
export async function asked({ model, property, network, size: sizes }: Given, options: SpecificationOptions = {}): Promise<Asked> {
  const [, name, given] = /^([^=]+)=(.+)$/.exec(network ?? "") ?? [];
  if (network === undefined ? property === undefined : name === undefined || property !== undefined)
    fail({
      code: "option-network",
      expected: "MODEL.onnx PROPERTY.vnnlib, or QUERY.vnnlib --network NAME=MODEL.onnx",
      got: [model, property, network && `--network ${network}`].filter(Boolean).join(" "),
      mend: "name both files",
    });
  const [modelPath, path] = given === undefined ? [model, property!] : [given, model];
  const file = await modelFile(modelPath);
  const bytes = await host.readFile(path);
  const query = await readSpecification(bytes, path, { outputs: () => outputsOf(file, sizesOf(sizes)), ...options });
  if (name !== undefined && query.network !== name)
    fail({
      code: "option-network",
      expected:
        query.network === null
          ? `MODEL.onnx ${path}: it declares no network`
          : `--network ${query.network}=MODEL.onnx, as ${path} declares it`,
      got: `--network ${network}`,
      mend: query.network === null ? "leave --network out" : "name that network",
    });
  return { file, query, property: { path, sha256: await sha256(bytes), format: query.format } };
}
