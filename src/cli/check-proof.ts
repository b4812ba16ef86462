import { defineCommand } from "citty";
import { host } from "#host";
import { fail } from "../base/index.ts";
import { checkProof, readProof } from "../verify/index.ts";
import { sizesOf } from "./model.ts";
import { jsonArg, withExamples } from "./options.ts";
import { interruptible, meter, printJson, say } from "./output.ts";
import { asked, queryArgs } from "./query.ts";

const command = defineCommand({
  meta: {
    name: "check-proof",
    description: "Check a proof that verify --proof has written, in exact arithmetic: prints valid, or invalid and why.",
  },
  args: {
    ...queryArgs,
    proof: { type: "positional", description: "the proof's file", required: false },
    ...jsonArg,
  },
  async run({ args }) {
    // with --network there are two words: the query and the proof
    const [property, path] = args.network === undefined ? [args.property, args.proof] : [undefined, args.property];
    if (path === undefined)
      fail({
        code: "proof-missing",
        expected: "a proof's file as the last word",
        got: "none",
        mend: "counterfoil check-proof model.onnx property.vnnlib proof.json",
      });
    const { file, query, property: about } = await asked({ ...args, property });
    const proof = readProof(new TextDecoder().decode(await host.readFile(path!)), path!);
    const checking = checkProof(proof, file, query, about.sha256, sizesOf(args.size));
    const signal = interruptible();
    const bar = meter(`checking ${path}`);
    const start = performance.now();
    let leaves = 0;
    let breathed = start;
    let step = checking.next();
    try {
      for (; !step.done; step = checking.next()) {
        leaves = step.value;
        if (performance.now() - breathed < BREATH) continue;
        breathed = performance.now();
        bar.update(`${leaves} leaves hold`);
        await new Promise((go) => setTimeout(go, 0));
        signal.throwIfAborted();
      }
    } finally {
      bar.stop();
    }
    const why = step.value;
    const seconds = (performance.now() - start) / 1000;
    if (args.json)
      printJson({
        valid: why === null,
        why,
        leaves,
        seconds,
        model: { path: file.path, sha256: file.sha256 },
        property: about,
        proof: path,
      });
    else process.stdout.write(why === null ? "valid\n" : `invalid: ${why}\n`);
    say(`counterfoil: ${leaves} leaves hold, ${seconds.toFixed(1)} s`);
    return why === null ? 0 : 1;
  },
});

/** Milliseconds between looks at who else wants to be heard. */
const BREATH = 100;

export default withExamples(command, [
  "counterfoil check-proof model.onnx property.vnnlib proof.json",
  "counterfoil check-proof query.vnnlib proof.json --network N=model.onnx",
]);
