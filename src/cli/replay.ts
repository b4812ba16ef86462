import { defineCommand } from "citty";
import { host } from "#host";
import { fail } from "../base/index.ts";
import { graphFor, holds, readAssignments, readCounterexample, replayer } from "../verify/index.ts";
import { sizesOf } from "./model.ts";
import { jsonArg, withExamples } from "./options.ts";
import { printJson, say } from "./output.ts";
import { asked, queryArgs } from "./query.ts";

const command = defineCommand({
  meta: {
    name: "replay",
    description: "Run an ONNX file on a counterexample, of any verifier, and tell whether it is one: prints valid or invalid.",
  },
  args: {
    ...queryArgs,
    counterexample: { type: "positional", description: "as the competition writes it, or VNN-LIB 2 assignments", required: false },
    ...jsonArg,
  },
  async run({ args }) {
    // with --network there are two words: the query and the counterexample
    const [property, path] = args.network === undefined ? [args.property, args.counterexample] : [undefined, args.property];
    if (path === undefined)
      fail({
        code: "replay-missing",
        expected: "a counterexample's file as the last word",
        got: "none",
        mend: "counterfoil replay model.onnx property.vnnlib found.txt",
      });
    const asking = { ...args, property };
    const { file, query, property: about } = await asked(asking);
    const text = new TextDecoder().decode(await host.readFile(path!));
    const sizes = { inputs: query.specification.inputs, outputs: query.specification.outputs };
    const isList = /^\s*(sat|violated)?\s*\(/.test(text);
    const { x: given, y: claimed } = isList ? readCounterexample(text, sizes, path!) : readAssignments(text, query, path!);
    // the file takes float32
    const x = Float32Array.from(given);
    const replay = await replayer(file, graphFor(file, query, sizesOf(args.size)), query.specification);
    try {
      const { y, violated } = await replay.run(x);
      // other verifiers take decimals as the nearest float64, which may lie a little outside of what the digits say
      const loose = violated ? null : holds((await asked(asking, { decimals: "float64" })).query.specification, x, y);
      const found = violated ?? loose;
      const off = claimed && y.reduce((most, v, i) => Math.max(most, Math.abs(v - claimed[i]!)), 0);
      if (args.json) {
        const judged = { valid: found !== null, decimals: violated ? "exact" : loose ? "float64" : null, violated: found, claimedOff: off };
        printJson({
          ...judged,
          x: [...x],
          y: [...y],
          runtime: replay.runtime,
          model: { path: file.path, sha256: file.sha256 },
          property: about,
        });
      } else process.stdout.write(`${found ? "valid" : "invalid"}\n`);
      const shown = `y = ${[...y].slice(0, 10).join(", ")}${y.length > 10 ? ", …" : ""}`;
      say(
        found
          ? `counterfoil: the file computes ${shown}: disjunct ${found.disjunct + 1} of region ${found.region + 1}${loose ? ", where decimals stand for the nearest float64" : ""}`
          : `counterfoil: the file computes ${shown}, which is no counterexample`,
      );
      if (off) say(`counterfoil: the outputs that were claimed are off by up to ${off.toPrecision(3)}`);
      return found ? 0 : 1;
    } finally {
      await replay.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil replay model.onnx property.vnnlib found.txt",
  "counterfoil replay query.vnnlib found.txt --network N=model.onnx",
]);
