/**
 * A program with state: what it computes for the state in one step is what it is fed in the next.
 * State is double-buffered: onnxruntime writes step k's outputs into the buffers that fed step k-1.
 */
import type * as ort from "onnxruntime-common";
import { arrays, type Tensor } from "../base/index.ts";
import type { Value } from "../graph/index.ts";
import { write } from "../onnx/index.ts";
import { lower } from "../pass/index.ts";
import { checkFeeds, download, open, type RunOptions } from "./compile.ts";

export interface State {
  /** Graph input that holds the state. */
  readonly value: Value;
  /** What it becomes after the step. */
  readonly next: Value;
  readonly initial: Tensor;
}

export interface StepProgram {
  readonly runtime: string;
  /** Run one step: fresh inputs in, the non-state outputs out. */
  step(feeds: readonly Tensor[]): Promise<Tensor[]>;
  /** A copy of the state now, in the order given. */
  read(): Tensor[];
  /** The state the last step started from, in the order given. */
  before(): Tensor[];
  /** Overwrite the state (resume). */
  load(state: readonly Tensor[]): void;
  release(): Promise<void>;
}

const copy = (t: Tensor): Tensor => ({ ...t, data: t.data.slice() });

export async function compileStep(
  { inputs, outputs, state }: { inputs: readonly Value[]; outputs: readonly Value[]; state: readonly State[] },
  options: RunOptions = {},
): Promise<StepProgram> {
  const graph = lower({ inputs: [...inputs, ...state.map((s) => s.value)], outputs: [...outputs, ...state.map((s) => s.next)] });
  const { session, wrap, description } = await open(write(graph), options);
  const types = inputs.map((v) => v.type);
  const buffers = [
    state.map((s) => copy(s.initial)),
    state.map((s) => ({ ...s.initial, data: new arrays[s.initial.dtype](s.initial.data.length) as Tensor["data"] })),
  ];
  const tensors = buffers.map((set) => set.map(wrap));
  let now = 0;
  return {
    runtime: description,
    async step(feeds) {
      checkFeeds(feeds, types);
      const given: Record<string, ort.Tensor> = {};
      session.inputNames.forEach((name, i) => {
        given[name] = i < inputs.length ? wrap(feeds[i]!) : tensors[now]![i - inputs.length]!;
      });
      const fetches: Record<string, ort.Tensor | null> = {};
      session.outputNames.forEach((name, i) => {
        fetches[name] = i < outputs.length ? null : tensors[1 - now]![i - outputs.length]!;
      });
      const result = await session.run(given, fetches);
      now = 1 - now;
      return Promise.all(session.outputNames.slice(0, outputs.length).map((name) => download(result[name]!)));
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
    release: () => session.release(),
  };
}
