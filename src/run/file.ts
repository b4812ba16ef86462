/** The user's file, run exactly as it is: no reading, upgrading or rewriting of ours in between. */
import type * as ort from "onnxruntime-common";
import { fail, floatsOfHalves, halvesOfFloats, type Tensor } from "../base/index.ts";
import { download, open, type RunOptions } from "./compile.ts";

export interface FileProgram {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly runtime: string;
  /**
   * Feed every input, in the file's order. Where the file takes half precision it is fed float32 numbers, rounded to the nearest half;
   * what it returns in half precision comes back as float32.
   */
  run(feeds: readonly Tensor[]): Promise<Tensor[]>;
  release(): Promise<void>;
}

/** A float32 tensor as the bit patterns of the nearest halves. */
const halved = (t: Tensor): Tensor => ({ dtype: "float16", shape: t.shape, data: halvesOfFloats(t.data as Float32Array) });

/** Of halves, however the engine holds them (bit patterns, or Float16Array), the float32 numbers. */
function widened(t: Tensor): Tensor {
  if (t.dtype !== "float16") return t;
  const patterns = new Uint16Array(t.data.buffer, t.data.byteOffset, t.data.length);
  return { dtype: "float32", shape: t.shape, data: floatsOfHalves(patterns) };
}

function refuse(cause: unknown): never {
  const got = cause instanceof Error ? cause.message : String(cause);
  return fail({
    code: "runtime-refused",
    expected: "data that the model takes",
    got,
    mend: /non.?tensor/i.test(got)
      ? "export the model with tensors as outputs (skl2onnx: options={'zipmap': False})"
      : "check the input's shape and type (counterfoil inspect shows them)",
    cause,
  });
}

/** Open ONNX bytes, or a path (Node; needed where weights are external). */
export async function openFile(model: Uint8Array | string, options: RunOptions = {}): Promise<FileProgram> {
  const { session, wrap, description } = await open(model, options);
  const types = session.inputMetadata.map((m) => (m.isTensor ? m.type : undefined));
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    runtime: description,
    async run(feeds) {
      const given: Record<string, ort.Tensor> = {};
      session.inputNames.forEach((name, i) => {
        const t =
          feeds[i] ??
          fail({
            code: "feed-count",
            expected: `${session.inputNames.length} inputs`,
            got: `${feeds.length}`,
            mend: "feed every input of the file",
          });
        given[name] = wrap(types[i] === "float16" && t.dtype === "float32" ? halved(t) : t);
      });
      let result: ort.InferenceSession.OnnxValueMapType;
      try {
        result = await session.run(given);
      } catch (cause) {
        return refuse(cause);
      }
      return Promise.all(session.outputNames.map(async (name) => widened(await download(result[name] as ort.Tensor))));
    },
    release: () => session.release(),
  };
}
