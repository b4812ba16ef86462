/** Where a step of the game takes place: its samples, its randomness, and what is kept of it. */
import { fail, type Tensor } from "../base/index.ts";
import { type Emit, input, type Value } from "../graph/index.ts";
import { type Applied, apply, type Bound, type Noise, oneHot } from "../nn/index.ts";
import { builder } from "../pass/index.ts";
import { type Gan, packedShape } from "./gan.ts";
import type { Kept, Play } from "./play.ts";
import type { Regulariser } from "./regulariser/index.ts";

/** What a part of a batch is to a step: a play, and where its samples came from. */
export interface Part extends Play {
  /** The generator's pass behind `fake`. */
  readonly made: Applied;
  /** Who judges. */
  readonly d: Bound;
}

/** One round between two players: their samples, in as many parts as gradients are taken of. */
export interface Round {
  readonly plays: readonly Part[];
  /** What the discriminator's buffers become. */
  readonly buffers: ReadonlyMap<string, Value>;
  /** Samples of all parts, where a generator that couples them made them at once; null where each part's are its own. */
  readonly together: Value | null;
}

export class Arena {
  readonly e: Emit = builder();
  /** All randomness that was asked for. */
  readonly noise: Noise[] = [];
  readonly progress = input("float32", [], "progress");
  /** What regularisers keep, and what it has become so far. */
  readonly kept = new Map<string, { readonly input: Value; readonly initial: Tensor; now: Value }>();
  /** What stands for the generator's samples until all gradients are taken, and what it stands for. */
  readonly still = new Map<Value, Value>();
  readonly #gan: Gan;

  constructor(gan: Gan) {
    this.#gan = gan;
  }

  draw(how: Noise["draw"], shape: readonly number[]): Value {
    const value = input("float32", shape, `noise${this.noise.length}`);
    this.noise.push({ value, draw: how });
    return value;
  }

  mean = (parts: readonly Value[]): Value => {
    const sum = parts.reduce((a, b) => this.e.Add(a, b));
    return parts.length === 1 ? sum : this.e.Mul(sum, this.e.scalar(1 / parts.length, sum));
  };

  /** Rows `at`… of the batch. */
  part = (v: Value, at: number, count: number): Value =>
    v.type.shape[0] === count ? v : this.e.Slice(v, this.e.ints([at]), this.e.ints([at + count]), this.e.ints([0]), this.e.ints([1]));

  /** What the players show each other: samples of both kinds, and the critic of them. */
  round(g: Bound, d: Bound, real: Value, z: Value, labels: Value | undefined): Round {
    const { e } = this;
    const { generator, batch, microBatch, classes } = this.#gan;
    const told = labels && oneHot(e, labels, e.fill(0, [batch, classes!], "float32"));
    const buffers = new Map<string, Value>();
    // a generator that couples its samples (batch normalisation) makes all of them at once, for the parts to be judged of
    const coupled = generator.coupled !== undefined && microBatch < batch;
    const together = coupled
      ? apply(e, generator, g, z, { training: true, classes: told, draw: (how, shape) => this.draw(how, shape) })
      : null;
    // randomness of the whole batch, in the order in which a part asks for it: each part has its rows
    const whole: Value[] = [];
    const plays = Array.from({ length: batch / microBatch }, (_, i) => {
      let asked = 0;
      const draw = (how: Noise["draw"], shape: readonly number[]): Value => {
        const [n, ...rest] = shape as [number, ...number[]];
        whole[asked] ??= this.draw(how, [(n * batch) / microBatch, ...rest]);
        return this.part(whole[asked++]!, i * n, n);
      };
      const rows = (v: Value) => this.part(v, i * microBatch, microBatch);
      const own = told && rows(told);
      const latent = rows(z);
      const made = together
        ? { ...together, output: rows(together.output) }
        : apply(e, generator, g, latent, { training: true, classes: own, draw });
      return this.#play({ d, real: rows(real), fake: this.#seen(made.output), latent, classes: own, draw, made, buffers });
    });
    return { plays, buffers, together: together?.output ?? null };
  }

  /**
   * The generator's samples as a discriminator that moves sees them: as so many numbers. In turn, the generator differentiates what it is judged by, and must not see how
   * that has come about: until all gradients are taken, an input stands in the place of the samples.
   */
  #seen(fake: Value): Value {
    if (this.#gan.updates === "simultaneous") return fake;
    const still = input(fake.type.dtype, fake.type.shape, "fake");
    this.still.set(still, fake);
    return still;
  }

  #play(
    given: Pick<Part, "real" | "fake" | "latent" | "classes" | "draw" | "made"> & {
      readonly d: Bound;
      readonly buffers?: Map<string, Value>;
    },
  ): Part {
    const { e } = this;
    const { discriminator, generator, pack, regularisers } = this.#gan;
    const { d, real, fake, latent, classes, draw, made, buffers } = given;
    const known = new Map<Value, { readonly logit: Value; readonly features: Value | null; readonly classes: Value | null }>();
    const shape = packedShape(generator.outputShape, pack);
    const ask = (x: Value) => {
      const found = known.get(x);
      if (found) return found;
      const shown = regularisers.reduce((v, r) => r.view?.({ e, draw, keep: this.keeper(r), progress: this.progress }, v) ?? v, x);
      const packed = pack === 1 ? shown : e.Reshape(shown, e.ints([-1, ...shape]));
      const { output, marks, updates } = apply(e, discriminator, d, packed, { training: true, classes, draw });
      if (buffers && buffers.size === 0) for (const [name, v] of updates) buffers.set(name, v);
      const answer = { logit: output, features: marks.get("features") ?? null, classes: marks.get("classes") ?? null };
      known.set(x, answer);
      return answer;
    };
    return {
      e,
      real,
      fake,
      latent,
      critic: (x) => ask(x).logit,
      features: (x) => ask(x).features,
      classLogits: (x) => ask(x).classes,
      draw,
      keep: () => fail({ code: "gan-keep", expected: "a regulariser that keeps something", got: "another", mend: "ask for it in a hook" }),
      progress: this.progress,
      classes,
      made,
      d,
    };
  }

  /** The same part, not begun before `gate` [] is known, which is 0: so that what an earlier one needed is free by then. */
  after(part: Part, gate: Value): Part {
    const [real, fake] = [part.real, part.fake].map((v) => this.e.Add(v, gate)) as [Value, Value];
    return this.#play({ ...part, real, fake });
  }

  /** The same samples before another discriminator. */
  judgedBy(part: Part, d: Bound): Part {
    return this.#play({ ...part, d, fake: part.made.output });
  }

  /** What a regulariser keeps, under its own name. */
  keeper =
    (regulariser: Regulariser, frozen = false) =>
    (name: string, initial: Tensor): Kept => {
      const full = `${regulariser.name}/${name}`;
      const fresh = input(initial.dtype, initial.shape, full);
      const known = this.kept.get(full) ?? { input: fresh, initial, now: fresh };
      this.kept.set(full, known);
      return {
        value: known.now,
        set: (next) => {
          if (!frozen) known.now = next;
        },
      };
    };
}
