import type * as ort from "onnxruntime-common";

/** Where a program runs. `cpu` is native where onnxruntime-node is installed, else WebAssembly. */
export type Device = "cpu" | "webgpu" | "cuda" | "wasm";
export const DEVICES: readonly Device[] = ["cpu", "webgpu", "cuda", "wasm"];

/** One installed onnxruntime. */
export interface Runtime {
  /** For reports: `onnxruntime-node 1.30.0`. */
  readonly name: string;
  readonly InferenceSession: ort.InferenceSessionFactory;
  readonly Tensor: ort.TensorConstructor;
  /** Whether outputs are written into tensors that are given for them; onnxruntime-web hands those back untouched. */
  readonly fillsOutputs: boolean;
  /** Execution provider name for a device; throws a mending error where the device is not there. */
  provider(device: Device): string;
  /** Called once a session has to be made with so many threads (wasm keeps threads globally). */
  prepare(threads: number | undefined): void;
}

export interface RuntimeLoader {
  /** The runtime for a device; loaded on first use. */
  load(device: Device): Promise<Runtime>;
  /** Threads to use unless told otherwise. */
  cores(): number;
}
