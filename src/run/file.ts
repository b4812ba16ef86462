/** The user's file, run exactly as it is: no reading, upgrading or rewriting of ours in between. */
import type * as ort from "onnxruntime-common";
import { fail, type Tensor } from "../base/index.ts";
import { download, open, type RunOptions } from "./compile.ts";

export interface FileProgram {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: string;
  /** Feed every input, in the file's order. */
  run(feeds: readonly Tensor[]): Promise<Tensor[]>;
  release(): Promise<void>;
}

/** Open ONNX bytes, or a path (Node; needed where weights are external). */
export async function openFile(model: Uint8Array | string, options: RunOptions = {}): Promise<FileProgram> {
  const { session, wrap, description } = await open(model, options);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    runtime: description,
    async run(feeds) {
      const given: Record<string, ort.Tensor> = {};
      session.inputNames.forEach((name, i) => {
        given[name] = wrap(
          feeds[i] ??
            fail({
              code: "feed-count",
              expected: `${session.inputNames.length} inputs`,
              got: `${feeds.length}`,
              mend: "feed every input of the file",
            }),
        );
      });
      let result: ort.InferenceSession.OnnxValueMapType;
      try {
        result = await session.run(given);
      } catch (cause) {
        return fail({
          code: "runtime-refused",
          expected: "data that the model takes",
          got: cause instanceof Error ? cause.message : String(cause),
          mend: "check the input's shape and type (counterfoil inspect shows them)",
          cause,
        });
      }
      return Promise.all(session.outputNames.map((name) => download(result[name] as ort.Tensor)));
    },
    release: () => session.release(),
  };
}
