/**
 * A program with state: what it computes for the state in one step is what it is fed in the next.
 * State is double-buffered: onnxruntime writes into the buffers that fed the run before (on the web: we do). Its Node binding copies every
 * output once more, so several steps can be unrolled into one run, which then pays for the state once.
 */
import type * as ort from "onnxruntime-common";
import { arrays, fail, type Tensor } from "../base/index.ts";
import { input, type Type, type Value } from "../graph/index.ts";
import { write } from "../onnx/index.ts";
import { builder, lower, remap } from "../pass/index.ts";
import { checkFeeds, download, OURS, open, type RunOptions, type Session } from "./compile.ts";

export interface State {
  /** Graph input that holds the state. */
  readonly value: Value;
  /** What it becomes after the step. */
  readonly next: Value;
  readonly initial: Tensor;
}

export interface StepProgram {
  readonly runtime: string;
  /** Run one step, or `stride` of them at once: fresh inputs of each in, the non-state outputs of each out. */
  steps(feeds: readonly (readonly Tensor[])[], shared?: readonly Tensor[]): Promise<Tensor[][]>;
  /** A copy of the state now, in the order given. */
  read(): Tensor[];
  /** The state the last run started from, in the order given. */
  before(): Tensor[];
  /** Overwrite the state (resume). */
  load(state: readonly Tensor[]): void;
  release(): Promise<void>;
}

export interface StepGraph {
  readonly inputs: readonly Value[];
  /** Inputs that are the same for all steps of a run. */
  readonly shared?: readonly Value[];
  readonly outputs: readonly Value[];
  readonly state: readonly State[];
}

/** Steps that training unrolls into one run: the state's copy then costs an eighth of what it did. */
export const STRIDE = 8;

/** How training compiles its step. onnxruntime's blocked layouts are for constant weights; where they change, they only cost reorderings. */
export const TRAINING = { stride: STRIDE, optimize: "extended" } as const;

const copy = (t: Tensor): Tensor => ({ ...t, data: t.data.slice() });

/** `count` steps as one graph: inputs of each step after one another, the shared ones, then the state; outputs alike. */
function unrolled({ inputs, shared = [], outputs, state }: StepGraph, count: number) {
  const e = builder();
  const all: Value[] = [];
  const results: Value[] = [];
  let now = state.map((s) => s.value);
  for (let k = 0; k < count; k++) {
    const mine = inputs.map((v) => (k === 0 ? v : input(v.type.dtype, v.type.shape, v.name)));
    all.push(...mine);
    const replaced = new Map<Value, Value>([
      ...inputs.map((v, i) => [v, mine[i]!] as const),
      ...state.map((s, i) => [s.value, now[i]!] as const),
    ]);
    const wanted = [...outputs, ...state.map((s) => s.next)];
    const map = k === 0 ? null : remap(e, wanted, replaced);
    const made = wanted.map((v) => map?.get(v) ?? v);
    results.push(...made.slice(0, outputs.length));
    now = made.slice(outputs.length);
  }
  return { inputs: [...all, ...shared, ...state.map((s) => s.value)], outputs: [...results, ...now] };
}

/** Compile a step. With `stride` > 1, `steps` also takes that many at once. */
export async function compileStep(
  graph: StepGraph,
  { stride = 1, ...options }: RunOptions & { stride?: number } = {},
): Promise<StepProgram> {
  const { inputs, shared = [], outputs, state } = graph;
  const [types, sharedTypes] = [inputs, shared].map((list) => list.map((v) => v.type)) as [Type[], Type[]];
  const sessions = new Map<number, Session>();
  const session = async (count: number): Promise<Session> => {
    const known = sessions.get(count);
    if (known) return known;
    const made = await open(write(lower(unrolled(graph, count))), options, OURS);
    sessions.set(count, made);
    return made;
  };
  const { wrap, description, runtime } = await session(stride);
  const buffers = [
    state.map((s) => copy(s.initial)),
    state.map((s) => ({ ...s.initial, data: new arrays[s.initial.dtype](s.initial.data.length) as Tensor["data"] })),
  ];
  const tensors = buffers.map((set) => set.map(wrap));
  let now = 0;
  return {
    runtime: description,
    async steps(feeds, common = []) {
      const n = feeds.length;
      if (n !== 1 && n !== stride)
        fail({ code: "step-count", expected: `1 step or ${stride}`, got: `${n}`, mend: "run the rest one by one" });
      for (const f of feeds) checkFeeds(f, types);
      checkFeeds(common, sharedTypes);
      const { session: program } = await session(n);
      const fed = [...feeds.flat().map(wrap), ...common.map(wrap), ...tensors[now]!];
      const given = Object.fromEntries(program.inputNames.map((name, i) => [name, fed[i]!]));
      const plain = n * outputs.length;
      const fetches: Record<string, ort.Tensor | null> = {};
      program.outputNames.forEach((name, i) => {
        fetches[name] = i < plain || !runtime.fillsOutputs ? null : tensors[1 - now]![i - plain]!;
      });
      const result = await program.run(given, fetches);
      now = 1 - now;
      if (!runtime.fillsOutputs)
        for (const [i, name] of program.outputNames.slice(plain).entries())
          (buffers[now]![i]!.data as Float32Array).set((await download(result[name]!)).data as Float32Array);
      const values = await Promise.all(program.outputNames.slice(0, plain).map((name) => download(result[name]!)));
      return feeds.map((_, k) => values.slice(k * outputs.length, (k + 1) * outputs.length));
    },
    read: () => buffers[now]!.map(copy),
    before: () => buffers[1 - now]!.map(copy),
    load(tensorsIn) {
      checkFeeds(
        tensorsIn,
        state.map((s) => s.value.type),
      );
      tensorsIn.forEach((t, i) => {
        (buffers[now]![i]!.data as Float32Array).set(t.data as Float32Array);
      });
    },
    async release() {
      for (const s of sessions.values()) await s.session.release();
    },
  };
}
