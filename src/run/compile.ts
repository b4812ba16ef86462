/** Graph → numbers, on onnxruntime. */
import type * as ort from "onnxruntime-common";
import { runtimes } from "#ort";
import { CounterfoilError, type DType, fail, sameShape, type Tensor, type TypedArray } from "../base/index.ts";
import { freeInputs, type Graph, type Type, type Value } from "../graph/index.ts";
import { write } from "../onnx/index.ts";
import { lower } from "../pass/index.ts";
import type { Device, Runtime } from "./device.ts";

export interface RunOptions {
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads inside an operator; default: all cores. */
  readonly threads?: number;
  /** onnxruntime's own graph optimisation; default `all`. `disabled` also checks the graph as written. */
  readonly optimize?: "disabled" | "basic" | "extended" | "all";
}

export interface CompileOptions extends RunOptions {
  /** Take any batch size: every input's free first dimension stays free. Write the graph at a batch of 2 or more. */
  readonly anyBatch?: boolean;
}

/** A compiled graph. Feeds and results are in the order of the graph's inputs and outputs. */
export interface Program {
  readonly inputs: readonly Type[];
  readonly outputs: readonly Type[];
  /** For reports: runtime and version, device, threads. */
  readonly runtime: string;
  run(feeds: readonly Tensor[]): Promise<Tensor[]>;
  release(): Promise<void>;
}

/** A session and how to speak to it: what `compile` and `compileStep` share. */
export interface Session {
  readonly session: ort.InferenceSession;
  readonly runtime: Runtime;
  readonly description: string;
  wrap(t: Tensor): ort.Tensor;
}

/** Engines that have Float16Array want halves in it. */
const Halves = (globalThis as { Float16Array?: new (buffer: ArrayBufferLike, offset: number, length: number) => unknown }).Float16Array;
const asEngineHas = ({ dtype, data }: Tensor): unknown =>
  dtype === "float16" && Halves ? new Halves(data.buffer, data.byteOffset, data.length) : data;

/**
 * Of graphs that we wrote: quantisers are computed as they stand. onnxruntime 1.30 moves them over other nodes in a wrong type, and
 * its integer kernels saturate on processors without VNNI.
 */
export const OURS: Pick<ort.InferenceSession.SessionOptions, "extra"> = { extra: { session: { disable_quant_qdq: "1" } } };

/** Start a session on ONNX bytes or a file's path. */
export async function open(
  model: Uint8Array | string,
  options: RunOptions = {},
  more: Pick<ort.InferenceSession.SessionOptions, "extra"> = {},
): Promise<Session> {
  const { device = "cpu", threads = runtimes.cores(), optimize = "all" } = options;
  if (!Number.isInteger(threads) || threads < 1)
    fail({ code: "threads", expected: "a whole number of threads ≥ 1", got: `${threads}`, mend: "pass --threads 1 or more" });
  const runtime = await runtimes.load(device);
  runtime.prepare(threads);
  const provider = runtime.provider(device);
  try {
    const settings = {
      executionProviders: [provider],
      graphOptimizationLevel: optimize,
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
      ...more,
    } as const;
    const session = await (typeof model === "string"
      ? runtime.InferenceSession.create(model, settings)
      : runtime.InferenceSession.create(model, settings));
    const wrap = (t: Tensor) => new runtime.Tensor(t.dtype as "float32", asEngineHas(t) as Float32Array, t.shape);
    return { session, runtime, wrap, description: `${runtime.name} ${device} ${threads} threads` };
  } catch (cause) {
    if (cause instanceof CounterfoilError) throw cause;
    const got = cause instanceof Error ? cause.message : String(cause);
    if (device === "webgpu" || device === "cuda")
      fail({ code: "device-missing", expected: `a machine where ${runtime.name} can use ${device}`, got, mend: "use --device cpu", cause });
    return fail({
      code: "runtime-refused",
      expected: `a model that ${runtime.name} can load`,
      got,
      mend: "check the model with its exporter, or report this if counterfoil wrote it",
      cause,
    });
  }
}

const unwrap = (t: ort.Tensor): Tensor => ({ dtype: t.type as DType, shape: t.dims, data: t.data as TypedArray });

/** The numbers of an output, wherever onnxruntime left them. */
export const download = async (t: ort.Tensor): Promise<Tensor> =>
  t.location === "cpu" || t.location === "cpu-pinned"
    ? unwrap(t)
    : { dtype: t.type as DType, shape: t.dims, data: (await t.getData()) as TypedArray };

export function checkFeeds(feeds: readonly Tensor[], types: readonly Type[], anyBatch = false): void {
  if (feeds.length !== types.length)
    fail({
      code: "feed-count",
      expected: `${types.length} inputs`,
      got: `${feeds.length}`,
      mend: "feed every input of the graph, in order",
    });
  types.forEach((type, i) => {
    const t = feeds[i]!;
    const [given, wanted] = anyBatch ? [t.shape.slice(1), type.shape.slice(1)] : [t.shape, type.shape];
    if (t.dtype !== type.dtype || t.shape.length !== type.shape.length || !sameShape(given, wanted))
      fail({
        code: "feed-type",
        expected: `input ${i} as ${type.dtype}[${type.shape}]`,
        got: `${t.dtype}[${t.shape}]`,
        mend: "reshape or convert the data to what the model takes",
      });
  });
}

/** Compile `graph` once; run it as often as you like. Its shapes are those of its inputs' types, but for the batch with `anyBatch`. */
export async function compile(graph: Graph, { anyBatch = false, ...options }: CompileOptions = {}): Promise<Program> {
  const { session, wrap, description } = await open(write(lower(graph, { anyBatch })), options, OURS);
  const inputs = graph.inputs.map((v) => v.type);
  return {
    inputs,
    outputs: graph.outputs.map((v) => v.type),
    runtime: description,
    async run(feeds) {
      checkFeeds(feeds, inputs, anyBatch);
      const given: Record<string, ort.Tensor> = {};
      session.inputNames.forEach((name, i) => {
        given[name] = wrap(feeds[i]!);
      });
      const result = await session.run(given);
      return Promise.all(session.outputNames.map((name) => download(result[name]!)));
    },
    release: () => session.release(),
  };
}

/** Compute values once: compile, run, release. */
export async function evaluate(
  outputs: readonly Value[],
  feeds: ReadonlyMap<Value, Tensor> = new Map(),
  options: RunOptions = {},
): Promise<Tensor[]> {
  const inputs = freeInputs(outputs);
  for (const v of inputs)
    if (!feeds.has(v))
      fail({
        code: "feed-missing",
        expected: "a tensor for every input",
        got: `none for ${v.name ?? "an unnamed input"}`,
        mend: "add it to the feeds",
      });
  const program = await compile({ inputs, outputs }, options);
  try {
    return await program.run(inputs.map((v) => feeds.get(v)!));
  } finally {
    await program.release();
  }
}
