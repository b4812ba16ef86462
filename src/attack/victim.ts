/** A model under attack: it answers, and counts what it was asked, sample by sample. */
import { rows, size, type Tensor, zeros } from "../base/index.ts";
import { type Access, affordableRows, type GradientModel, type LabelModel, type ModelOf, type ScoreModel } from "../model/index.ts";
import { compile, type Program, type RunOptions } from "../run/index.ts";
import { gradientGraph } from "./gradient-graph.ts";
import type { Loss } from "./loss.ts";

/** Which sample of the batch each row belongs to; left out, row i is sample i. */
type Owners = ArrayLike<number>;

export interface LabelVictim {
  readonly classes: number;
  readonly inputShape: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** The classes of inputs [m, …]. */
  labels(x: Tensor<"float32">, owners?: Owners): Promise<Int32Array>;
}

export interface ScoreVictim extends LabelVictim {
  /** Logits [m, K] of inputs [m, …]; of a model that tells probabilities, their logarithms. */
  scores(x: Tensor<"float32">, owners?: Owners): Promise<Tensor<"float32">>;
}

/** What one forward and one backward pass tell. */
export interface Slopes {
  /** [m, K] */
  readonly logits: Tensor<"float32">;
  /** [m] */
  readonly losses: Float32Array;
  /** ∇ₓ loss of each row, [m, …]. */
  readonly gradient: Tensor<"float32">;
}

export interface GradientVictim extends ScoreVictim {
  /**
   * Loss and gradient at inputs [m, …], each row on its own.
   * @param others [m]: the second class, for losses that name one
   */
  slopes(loss: Loss, x: Tensor<"float32">, labels: ArrayLike<number>, others?: ArrayLike<number>, owners?: Owners): Promise<Slopes>;
}

/** What each level of access lets an attack ask. */
export interface VictimOf {
  readonly labels: LabelVictim;
  readonly scores: ScoreVictim;
  readonly logits: ScoreVictim;
  readonly gradient: GradientVictim;
}

/** Passes through the model, of each sample of a batch. */
export interface Counts {
  readonly forwards: Float64Array;
  readonly backwards: Float64Array;
}

/** A victim whose counts the judge reads and sets back. */
export interface Meter<A extends Access> {
  readonly victim: VictimOf[A];
  /** Counts since the last call, of `n` samples. */
  take(n: number): Counts;
  release(): Promise<void>;
}

export interface VictimOptions extends RunOptions {
  /** Most rows run at a time; fewer where the model is large (`affordableRows`). Default 128. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
  /** Let gradients pass operators that stop them by their surrogates (BPDA); default true. */
  readonly surrogate?: boolean;
}

/** Classes at…end; the last again up to `count`. */
const int64 = (classes: ArrayLike<number>, at: number, end: number, count: number): Tensor<"int64"> => ({
  dtype: "int64",
  shape: [count],
  data: BigInt64Array.from({ length: count }, (_, i) => BigInt(classes[Math.min(at + i, end - 1)]!)),
});

/** Loss, logits and input gradient of a model, at any batch. One program a loss. */
export class GradientPrograms {
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #model: GradientModel;
  readonly #options: VictimOptions;
  readonly #fixed: number | null;
  readonly #rows: number;

  constructor(model: GradientModel, options: VictimOptions) {
    this.#model = model;
    this.#options = options;
    this.#fixed = model.dynamic ? null : model.logits.inputs[0]!.type.shape[0]!;
    this.#rows = this.#fixed ?? affordableRows(model.logits, options.batch ?? 128);
  }

  #compile(loss: Loss): Promise<Program> {
    const known = this.#programs.get(loss.name);
    if (known) return known;
    const { x, labels, others, logits, losses, gradient } = gradientGraph(this.#model, loss, this.#options);
    const { device, threads, optimize } = this.#options;
    const made = compile(
      { inputs: [x, labels, others], outputs: [logits, losses, gradient] },
      { ...(device && { device }), ...(threads && { threads }), ...(optimize && { optimize }), anyBatch: this.#fixed === null },
    );
    this.#programs.set(loss.name, made);
    return made;
  }

  /** At most `batch` rows; a model of fixed batch gets its last rows filled up. */
  async run(loss: Loss, x: Tensor<"float32">, labels: ArrayLike<number>, others: ArrayLike<number>): Promise<Slopes> {
    const program = await this.#compile(loss);
    const m = x.shape[0]!;
    const ask = async (at: number, end: number): Promise<Slopes> => {
      this.#options.signal?.throwIfAborted();
      const count = this.#fixed ?? end - at;
      const part = count === end - at ? rows(x, at, end) : filled(x, at, end, count);
      const answer = await program.run([part, int64(labels, at, end, count), int64(others, at, end, count)]);
      const [logits, losses, gradient] = answer.map((t) => rows(t as Tensor<"float32">, 0, end - at));
      return { logits: logits!, losses: losses!.data, gradient: gradient! };
    };
    // no copy of what one run tells
    if (m > 0 && m <= this.#rows) return ask(0, m);
    const k = this.#model.classes;
    const whole = { logits: zeros([m, k]), losses: new Float32Array(m), gradient: zeros(x.shape) };
    for (let at = 0; at < m; at += this.#rows) {
      const { logits, losses, gradient } = await ask(at, Math.min(at + this.#rows, m));
      whole.logits.data.set(logits.data, at * k);
      whole.losses.set(losses, at);
      whole.gradient.data.set(gradient.data, at * size(x.shape.slice(1)));
    }
    return whole;
  }

  async release(): Promise<void> {
    for (const p of this.#programs.values()) await (await p).release();
    this.#programs.clear();
  }
}

function filled(x: Tensor<"float32">, at: number, end: number, count: number): Tensor<"float32"> {
  const width = size(x.shape.slice(1));
  const data = new Float32Array(count * width);
  for (let i = 0; i < count; i++) data.set(rows(x, Math.min(at + i, end - 1), Math.min(at + i, end - 1) + 1).data, i * width);
  return { dtype: "float32", shape: [count, ...x.shape.slice(1)], data };
}

/** log p, where a model tells probabilities: differences of logits, up to what they are rounded to. */
const logarithms = (p: Tensor<"float32">): Tensor<"float32"> => ({ ...p, data: p.data.map((v) => Math.log(Math.max(v, 1e-38))) });

/** The model as an attack with `access` sees it. */
export function victimOf<A extends Access>(model: ModelOf[A], access: A, options: VictimOptions = {}): Meter<A> {
  const forwards = new Map<number, number>();
  const backwards = new Map<number, number>();
  const count = (kind: Map<number, number>, m: number, owners: Owners | undefined) => {
    options.signal?.throwIfAborted();
    for (let i = 0; i < m; i++) {
      const owner = owners ? owners[i]! : i;
      kind.set(owner, (kind.get(owner) ?? 0) + 1);
    }
  };
  const programs = access === "gradient" ? new GradientPrograms(model as GradientModel, options) : undefined;
  const victim: GradientVictim = {
    classes: model.classes,
    inputShape: model.inputShape,
    signal: options.signal,
    async labels(x, owners) {
      count(forwards, x.shape[0]!, owners);
      return (model as LabelModel).labels(x);
    },
    async scores(x, owners) {
      count(forwards, x.shape[0]!, owners);
      const s = model as ScoreModel;
      const y = await s.scores(x);
      return s.output === "probabilities" ? logarithms(y) : y;
    },
    async slopes(loss, x, labels, others = labels, owners) {
      count(forwards, x.shape[0]!, owners);
      count(backwards, x.shape[0]!, owners);
      return programs!.run(loss, x, labels, others);
    },
  };
  return {
    victim: victim as VictimOf[A],
    take(n) {
      const read = (kind: Map<number, number>) => Float64Array.from({ length: n }, (_, i) => kind.get(i) ?? 0);
      const counts = { forwards: read(forwards), backwards: read(backwards) };
      forwards.clear();
      backwards.clear();
      return counts;
    },
    release: async () => programs?.release(),
  };
}
