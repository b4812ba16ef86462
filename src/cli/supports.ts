import { defineCommand } from "citty";
import { fail } from "../base/index.ts";
import { OPSETS } from "../onnx/index.ts";
import { INPUT_TYPES, operatorsRead, VNNLIB_VERSIONS } from "../verify/index.ts";
import { jsonArg, withExamples } from "./options.ts";
import { printJson } from "./output.ts";

/** What each question is answered by, from the verifier's own tables. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  "onnx-operators": operatorsRead,
  "onnx-opset-versions": Array.from({ length: OPSETS.newest - OPSETS.oldest + 1 }, (_, i) => `${OPSETS.oldest + i}`),
  "onnx-element-types": INPUT_TYPES,
  "vnnlib-versions": VNNLIB_VERSIONS,
};

const command = defineCommand({
  meta: { name: "supports", description: "List what verify reads, one a line, as the VNN-LIB standard asks of solvers." },
  args: {
    "onnx-operators": { type: "boolean", description: "operators with bounds", default: false },
    "onnx-opset-versions": { type: "boolean", description: "versions of ONNX's operator set", default: false },
    "onnx-element-types": { type: "boolean", description: "element types of a model's inputs", default: false },
    "vnnlib-versions": { type: "boolean", description: "versions of VNN-LIB", default: false },
    ...jsonArg,
  },
  run({ args }) {
    const asked = Object.keys(LISTS).filter((name) => args[name as keyof typeof args]);
    if (asked.length !== 1)
      return fail({
        code: "supports-list",
        expected: `one of ${Object.keys(LISTS)
          .map((name) => `--${name}`)
          .join(", ")}`,
        got: asked.length === 0 ? "none" : asked.map((name) => `--${name}`).join(" "),
        mend: "ask for one list at a time",
      });
    const list = LISTS[asked[0]!]!;
    if (args.json) printJson({ [asked[0]!]: list });
    else process.stdout.write(list.map((line) => `${line}\n`).join(""));
    return 0;
  },
});

export default withExamples(command, ["counterfoil supports --onnx-operators", "counterfoil supports --vnnlib-versions --json"]);
