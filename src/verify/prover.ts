/** Proofs about one sample at a time: intervals, then CROWN, then a complete search, each only where the one before it was not enough. */
import { size, type Tensor } from "../base/index.ts";
import { type Graph, input } from "../graph/index.ts";
import type { GradientModel } from "../model/index.ts";
import { builder, rebatch, remap } from "../pass/index.ts";
import { Backward } from "./bound/backward.ts";
import type { Relaxation } from "./bound/relaxation.ts";
import { Tightener } from "./bound/tighten.ts";
import type { Network } from "./net/network.ts";
import { native } from "./net/products.ts";
import { networkOf } from "./net/read.ts";
import { type DecideOptions, type Decision, decide } from "./search/decide.ts";
import { goalOf } from "./search/goal.ts";
import { type Claim, claimed } from "./spec/claim.ts";
import { ballOf, enclosure, holds, type Region } from "./spec/index.ts";

export interface Bounded {
  /** Proven lower bound of the least margin, label minus any other class; −∞ where nothing is known. */
  readonly margin: number;
  /** By rectifier layer, the numbers of the neurons that stayed unstable; null of intervals alone, which leave more than there are. */
  readonly unstable: readonly Int32Array[] | null;
}

/** The logits of one sample; of a file whose batch is fixed it is the first one, and all others are 0. */
function single({ logits }: Pick<GradientModel, "logits">): Graph {
  const own = logits.inputs[0]!;
  const [batch, ...sample] = own.type.shape;
  if (batch === 1) return logits;
  if (own.dims && typeof own.dims[0] !== "number") return rebatch(logits, 1).graph;
  const e = builder();
  const x = input("float32", [1, ...sample]);
  const others = e.constant({ dtype: "float32", shape: [batch! - 1, ...sample], data: new Float32Array((batch! - 1) * size(sample)) });
  const all = remap(e, logits.outputs, new Map([[own, e.Concat(x, others, { axis: 0 })]])).get(logits.outputs[0]!)!;
  const first = e.Slice(all, e.ints([0]), e.ints([1]), e.ints([0]), e.ints([1]));
  return { inputs: [x], outputs: [first] };
}

/** What bounds need of a label, made once. */
interface Row {
  readonly back: Backward;
  readonly tightener: Tightener;
}

export class Prover {
  readonly #classifier: GradientModel;
  readonly #network: Network | null;
  readonly #products = native();
  readonly #rows = new Map<number, Row>();
  /** What stands in the way of all bounds; null where nothing does. */
  readonly unread: string | null;
  /** Sizes of the rectifier layers. */
  readonly layers: readonly number[];

  constructor(classifier: GradientModel) {
    this.#classifier = classifier;
    const network = networkOf(single(classifier));
    this.#network = "unread" in network ? null : network;
    this.unread = "unread" in network ? network.unread : null;
    this.layers = this.#network?.vertices.flatMap((v) => (v.kind === "rectifier" ? [v.size] : [])) ?? [];
  }

  /** A lower bound of the margin. */
  async bound(claim: Claim, method: "ibp" | "crown"): Promise<Bounded> {
    const nothing = { margin: Number.NEGATIVE_INFINITY, unstable: null };
    if (!this.#network) return nothing;
    const { regions } = claimed(claim, this.#classifier.classes);
    const { low, high } = enclosure(regions[0]!);
    const { back, tightener } = this.#row(claim.label, regions[0]!);
    const lines = (await tightener.enclose(low, high, { ball: ballOf(regions[0]!), backward: method === "crown" }))!;
    const last = back.network.vertices.length - 1;
    const count = back.network.vertices[last]!.size;
    let least = lines.enclosure.low[last]!;
    if (method === "crown") {
      const rows = new Float64Array(count * count);
      for (let r = 0; r < count; r++) rows[r * count + r] = 1;
      ({ least } = await back.bound(last, rows, count, lines));
    }
    // NaN: the network is undefined or overflows somewhere in the ball, or its bounds do
    const margin = least.reduce((a, b) => (Number.isNaN(b) ? Number.NEGATIVE_INFINITY : Math.min(a, b)), Number.POSITIVE_INFINITY);
    return { margin, unstable: method === "crown" ? this.#unstable(lines) : null };
  }

  /** Search until it is decided, or the time is up. What is found was confirmed by the file itself. */
  async search(claim: Claim, options: DecideOptions): Promise<Decision> {
    const specification = claimed(claim, this.#classifier.classes);
    const replay = async (x: Float32Array): Promise<Float32Array | null> => {
      const sample = { dtype: "float32", shape: [1, ...this.#classifier.inputShape], data: x } satisfies Tensor<"float32">;
      const [named] = await this.#classifier.labels(sample);
      if (named === claim.label) return null;
      const y = (await this.#classifier.scores(sample)).data as Float32Array;
      return holds(specification, x, y) ? y : null;
    };
    return decide(this.#network!, specification, replay, options);
  }

  release(): Promise<void> {
    return this.#products.release();
  }

  #row(label: number, { disjuncts }: Region): Row {
    const known = this.#rows.get(label);
    if (known) return known;
    // label − rival, as `overtakes` has it
    const rows = disjuncts.map((d) =>
      d.map(({ outputs }) => ({ outputs: outputs.map(([i]) => [i, i === label ? 1 : -1] as const), inputs: [], bound: 0 })),
    );
    const back = new Backward(goalOf(this.#network!, rows).network, this.#products);
    const row = { back, tightener: new Tightener(back) };
    this.#rows.set(label, row);
    return row;
  }

  #unstable({ enclosure: { low, high } }: Relaxation): Int32Array[] {
    return this.#network!.vertices.flatMap((v) => {
      if (v.kind !== "rectifier") return [];
      const [l, h] = [low[v.from]!, high[v.from]!];
      return [Int32Array.from(l.keys()).filter((i) => l[i]! < 0 && h[i]! > 0)];
    });
  }
}
