/** onnxruntime-web: WebAssembly everywhere, WebGPU in browsers. */
import { fail } from "../base/index.ts";
import type { Device, Runtime, RuntimeLoader } from "./device.ts";

/** onnxruntime-web, whichever of its builds. */
export function wasmRuntime(ort: typeof import("onnxruntime-web")): Runtime {
  ort.env.logLevel = "error";
  return {
    name: `onnxruntime-web ${ort.env.versions.common}`,
    InferenceSession: ort.InferenceSession,
    Tensor: ort.Tensor,
    fillsOutputs: false,
    provider(device: Device) {
      if (device === "cpu" || device === "wasm") return "wasm";
      if (device === "webgpu" && "gpu" in navigator) return "webgpu";
      return fail({
        code: "device-missing",
        expected: "a device this machine has",
        got: `${device}, which onnxruntime-web does not offer here`,
        mend: device === "cuda" ? "run on Node with onnxruntime-node and CUDA, or use wasm" : "use a browser with WebGPU, or wasm",
      });
    },
    prepare(threads) {
      // threads need SharedArrayBuffer: Node, or a cross-origin isolated page
      if (threads !== undefined) ort.env.wasm.numThreads = threads;
    },
  };
}

let web: Promise<Runtime> | undefined;

export const runtimes: RuntimeLoader = {
  load: () => {
    web ??= import("onnxruntime-web/webgpu").then((ort) => wasmRuntime(ort));
    return web;
  },
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
};
