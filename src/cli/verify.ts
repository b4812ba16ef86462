import { defineCommand } from "citty";
import { host } from "#host";
import { fail } from "../base/index.ts";
import { cores } from "../run/index.ts";
import {
  type Proof,
  prove,
  type SearchProgress,
  type Verification,
  type VerifyOptions,
  verify,
  writeAssignments,
  writeCounterexample,
} from "../verify/index.ts";
import { sizesOf } from "./model.ts";
import { choice, jsonArg, maybeNumber, number, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, printJson, say } from "./output.ts";
import { asked, queryArgs } from "./query.ts";
import { sampleArgs, sampleAsked, withoutSample } from "./sample-query.ts";
import { apart, writable } from "./writable.ts";

const command = defineCommand({
  meta: {
    name: "verify",
    description: "Prove a property of an ONNX file, or find its counterexample: prints sat, unsat, unknown or timeout.",
  },
  args: {
    ...queryArgs,
    ...sampleArgs,
    timeout: { type: "string", description: "seconds (default: no limit)" },
    memory: { type: "string", description: "MiB for the network, and as many for what is open in the search", default: "2048" },
    split: { type: "string", description: "input or rectifier (default: chosen from the network)" },
    threads: { type: "string", description: "threads that search (default: COUNTERFOIL_THREADS, or all cores)" },
    semantics: {
      type: "string",
      description: "of what unsat speaks: real (exact arithmetic) or float32 (as onnxruntime computes)",
      default: "real",
    },
    seed: { type: "string", description: "seed of the falsification", default: "0" },
    counterexample: { type: "string", description: "write what was found to this file" },
    proof: {
      type: "string",
      description: "write a proof of unsat to this file; check-proof checks it (rectifier networks, one thread, slower)",
    },
    ...jsonArg,
  },
  async run({ args }) {
    const signal = interruptible();
    const timeout = maybeNumber("timeout", args.timeout, { above: 0 });
    const memory = number("memory", args.memory, { least: 1 });
    const threads = maybeNumber("threads", args.threads, { least: 1, most: 1024, whole: true }) ?? cores();
    const split = args.split === undefined ? undefined : choice("split", args.split, ["input", "rectifier"] as const);
    const semantics = choice("semantics", args.semantics, ["real", "float32"] as const);
    const seed = seedOf(args.seed);
    const sizes = sizesOf(args.size);
    if (args.data === undefined) withoutSample(args);
    else if (args.proof !== undefined)
      fail({
        code: "option-proof",
        expected: "a property in a file beside --proof, for check-proof to read",
        got: `--data ${args.data}`,
        mend: "write the property as VNN-LIB or JSON, or leave --proof out",
      });
    const { file, query, property } = args.data === undefined ? await asked(args) : await sampleAsked({ ...args, data: args.data });
    if (args.counterexample !== undefined) {
      await apart(args.counterexample, file.path, property.path);
      await writable(args.counterexample);
    }
    if (args.proof !== undefined) {
      await apart(args.proof, file.path, property.path);
      await writable(args.proof);
    }
    const bar = meter(`verifying ${file.path}`);
    let result: Verification;
    let proof: Proof | null = null;
    try {
      const options = {
        timeout,
        // of the whole command
        since: performance.timeOrigin,
        memory,
        split,
        semantics,
        threads,
        seed,
        sizes,
        signal,
        onProgress: ({ parts, open, missing }: SearchProgress) =>
          bar.update(
            `${parts} parts bounded, ${open} open${Number.isFinite(missing) && missing > 0 ? `, the worst short of a proof by ${missing.toPrecision(2)}` : ""}`,
          ),
      } satisfies VerifyOptions;
      if (args.proof === undefined) result = await verify(file, query, options);
      else ({ proof, ...result } = await prove(file, query, property.sha256, options));
    } finally {
      bar.stop();
    }
    const { verdict, counterexample: found } = result;
    const text =
      found === null
        ? null
        : query.format.startsWith("vnnlib 2")
          ? writeAssignments(query, found.x, found.y)
          : `${writeCounterexample(found.x, found.y)}\n`;
    if (args.counterexample !== undefined && text !== null) await host.writeFile(args.counterexample, `sat\n${text}`);
    if (proof !== null) await host.writeFile(args.proof!, `${JSON.stringify(proof)}\n`);
    if (args.json) {
      const counterexample = found && { x: [...found.x], y: [...found.y] };
      printJson({ ...result, counterexample, model: { path: file.path, sha256: file.sha256 }, property });
    } else process.stdout.write(`${verdict}\n${text ?? ""}`);
    if (verdict === "unsat" && query.specification.regions.length === 0)
      say("counterfoil: unsat, as the property's own constraints leave no input; the model was asked nothing");
    if (result.reason !== null) say(`counterfoil: ${verdict}, as ${result.reason}`);
    if (args.proof !== undefined) say(`counterfoil: ${proof === null ? `${verdict} leaves no proof` : `the proof is in ${args.proof}`}`);
    return 0;
  },
});

export default withExamples(command, [
  "counterfoil verify model.onnx property.vnnlib --timeout 116 --counterexample found.txt",
  "counterfoil verify model.onnx stays-below.json --json",
  "counterfoil verify model.onnx --data mnist:test --sample 7 --epsilon 0.03 --timeout 60",
  "counterfoil verify model.onnx property.vnnlib --proof proof.json",
  "counterfoil verify query.vnnlib --network N=model.onnx --timeout 60",
]);
