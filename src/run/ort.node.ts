/** onnxruntime-node where its native binary is installed; onnxruntime-web (wasm) where it is not. */
import { availableParallelism } from "node:os";
import { fail } from "../base/index.ts";
import type { Device, Runtime, RuntimeLoader } from "./device.ts";
import { wasmRuntime } from "./ort.web.ts";

const HOW = "install it: ONNXRUNTIME_NODE_INSTALL=skip npm i onnxruntime-node@1.30.0";

async function loadNative(): Promise<Runtime | Missing> {
  let ort: typeof import("onnxruntime-node");
  try {
    ort = await import("onnxruntime-node");
  } catch (cause) {
    return { missing: cause };
  }
  // what goes wrong is said by the error that is thrown
  ort.env.logLevel = "fatal";
  const backends = ort.listSupportedBackends();
  return {
    name: `onnxruntime-node ${ort.env.versions.common}`,
    InferenceSession: ort.InferenceSession,
    Tensor: ort.Tensor,
    fillsOutputs: true,
    provider(device: Device) {
      const found = backends.find((b) => b.name === device);
      // cuda is listed but not bundled until its libraries are fetched; the session then says so itself
      if (found) return device;
      return fail({
        code: "device-missing",
        expected: `one of ${backends.map((b) => b.name).join(", ")}`,
        got: device,
        mend: "choose a device that this build of onnxruntime-node has",
      });
    },
    prepare() {},
  };
}

/** Why the native runtime cannot be loaded: not installed, or no binary for this machine. */
interface Missing {
  readonly missing: unknown;
}

let native: Promise<Runtime | Missing> | undefined;
let web: Promise<Runtime> | undefined;

const loadWasm = (): Promise<Runtime> => {
  // in Node, the build that finds its .wasm on disk
  web ??= import("onnxruntime-web").then((ort) => wasmRuntime(ort));
  return web;
};

/** Native, or wasm with one line on stderr that says how to get the fast one. */
async function loadBest(device: Device): Promise<Runtime> {
  native ??= loadNative();
  const found = await native;
  if (!("missing" in found)) return found;
  if (device !== "cpu")
    fail({
      code: "runtime-missing",
      expected: `onnxruntime-node for --device ${device}`,
      got: "none that loads",
      mend: HOW,
      cause: found.missing,
    });
  if (!web)
    process.stderr.write(
      `counterfoil: onnxruntime-node does not load here, running on WebAssembly (about 3 times slower). To mend, ${HOW}\n`,
    );
  return loadWasm();
}

/** Where nobody says how many: so many as COUNTERFOIL_THREADS has it, or all cores. */
function threadsOf(): number {
  const asked = process.env.COUNTERFOIL_THREADS;
  if (asked === undefined) return availableParallelism();
  const threads = Number(asked);
  if (!Number.isInteger(threads) || threads < 1)
    fail({ code: "threads", expected: "a whole number ≥ 1 in COUNTERFOIL_THREADS", got: `“${asked}”`, mend: "correct it, or unset it" });
  return threads;
}

export const runtimes: RuntimeLoader = {
  load: (device) => (device === "wasm" ? loadWasm() : loadBest(device)),
  cores: threadsOf,
};
