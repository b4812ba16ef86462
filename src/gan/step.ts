/** One step of the game as one graph: the discriminator's moves, then the generator's. */
import type { Tensor } from "../base/index.ts";
import { type Emit, input, order, type Value } from "../graph/index.ts";
import { type Bound, bind, type Layer, mean, type Noise } from "../nn/index.ts";
import { applyTransform, initialSlots, type Transform } from "../optim/index.ts";
import { remap } from "../pass/index.ts";
import { compileStep, type RunOptions, STRIDE, type State, type StepProgram, TRAINING } from "../run/index.ts";
import { Arena, type Part, type Round } from "./arena.ts";
import type { Gan } from "./gan.ts";
import { inTurn, throughParts } from "./parts.ts";
import type { Play } from "./play.ts";

/** Nodes of a step beyond which several steps are not unrolled into one run: it would take longer to compile, and the state's copy is little beside the rest. */
const LARGE = 1_500;

export interface GanStep {
  /** Steps that the program takes at once, beside one. */
  readonly stride: number;
  readonly program: StepProgram;
  readonly noise: readonly Noise[];
  /** Names of the state tensors, in the program's order: `generator/param/0.weight`, … */
  readonly names: readonly string[];
  /** Names of what the program puts out, in order. */
  readonly metrics: readonly string[];
  /** Whether it knows how far the training is: a longer one then takes other steps from the start. */
  readonly timed: boolean;
  /** The whole step as a graph, for finding where a NaN was born. */
  readonly graph: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[] };
}

/** A player in the middle of a step. */
interface Standing {
  readonly bound: Bound;
  readonly slots: ReadonlyMap<string, Value>;
}

/**
 * Inputs of the program: for each of the discriminator's moves real [batch, …] and, in a conditional game, its labels int64 [batch]; the rates of generator
 * and discriminator []; progress []; then the noise. At most `most` steps are unrolled into one run.
 */
export async function ganStep(gan: Gan, run: RunOptions = {}, most: number = STRIDE): Promise<GanStep> {
  const built = new Step(gan).build();
  const { inputs, metrics, state } = built;
  const graph = { inputs: [...inputs, ...state.map((s) => s.value)], outputs: [...metrics.map(([, v]) => v), ...state.map((s) => s.next)] };
  const nodes = order(graph.outputs);
  const stride = nodes.length > LARGE ? 1 : most;
  const program = await compileStep({ inputs, outputs: metrics.map(([, v]) => v), state }, { ...TRAINING, stride, ...run });
  return {
    stride,
    program,
    noise: built.noise,
    names: state.map((s) => s.name),
    metrics: metrics.map(([name]) => name),
    timed: nodes.some((node) => node.inputs.includes(built.progress)),
    graph,
  };
}

class Step {
  readonly e: Emit;
  readonly #gan: Gan;
  readonly #arena: Arena;
  readonly #rates = { generator: input("float32", [], "rate-generator"), discriminator: input("float32", [], "rate-discriminator") };
  readonly #metrics = new Map<string, Value>();

  constructor(gan: Gan) {
    this.#gan = gan;
    this.#arena = new Arena(gan);
    this.e = this.#arena.e;
  }

  build() {
    const { generator, discriminator, batch, critics, updates, ema: decay, latent, classes } = this.#gan;
    const first = { generator: this.#player("generator", generator), discriminator: this.#player("discriminator", discriminator) };
    const shape = generator.outputShape;
    const reals = Array.from({ length: critics }, (_, k) => input("float32", [batch, ...shape], `real${k}`));
    const labels = classes === null ? [] : reals.map((_, k) => input("int64", [batch], `labels${k}`));
    let [g, d] = [first.generator, first.discriminator];
    let round: Round | undefined;
    for (const [k, real] of reals.entries()) {
      const z = this.#arena.draw(latent.draw, [batch, latent.size]);
      round = this.#arena.round(g.bound, d.bound, real, z, labels[k]);
      const moved = this.#moveDiscriminator(d, round, true);
      d = moved.standing;
      round = { ...round, plays: moved.plays };
    }
    const last = round!;
    // what the generator is judged by: the discriminator of this moment, of the next, or of some moves ahead
    let judge = updates === "simultaneous" ? first.discriminator : d;
    let plays = last.plays;
    const anew = judge !== first.discriminator || critics > 1 || this.#gan.unroll > 0;
    if (judge !== first.discriminator || critics > 1) plays = plays.map((play) => this.#arena.judgedBy(play, judge.bound));
    for (let k = 0; k < this.#gan.unroll; k++) {
      judge = this.#moveDiscriminator(judge, { plays, buffers: new Map(), together: null }, false).standing;
      plays = plays.map((play) => this.#arena.judgedBy(play, judge.bound));
    }
    const losses: Value[] = [];
    const lossOf = (i: number, gate: Value | null): Value => {
      // what was judged before is not judged again
      losses.push(this.#generatorLoss(gate && anew ? this.#arena.after(plays[i]!, gate) : plays[i]!));
      return losses.at(-1)!;
    };
    const joint = this.#gan.unroll === 0 ? last.together : null;
    const gradients = (scale?: Value) =>
      joint
        ? throughParts(
            this.e,
            joint,
            plays.map((play) => play.made.output),
            [...g.bound.params.values()],
            lossOf,
            scale,
          )
        : inTurn(this.e, plays.length, [...g.bound.params.values()], lossOf, scale);
    g = this.#move("generator", generator, g, gradients, plays.at(-1)!.made.updates);
    this.#metrics.set("generator/loss", this.#arena.mean(losses));
    const judgedFake = last.plays.map((p) => p.critic(p.fake));
    const judgedReal = last.plays.map((p) => p.critic(p.real));
    this.#accuracies(judgedReal, judgedFake);

    const state: (State & { readonly name: string })[] = [
      ...this.#states("generator", generator, first.generator, g, this.#gan.optimisers.generator.transform),
      ...this.#states("discriminator", discriminator, first.discriminator, d, this.#gan.optimisers.discriminator.transform),
    ];
    if (decay !== null) state.push(...this.#averages(generator, g, decay));
    for (const [name, { input: value, initial, now }] of this.#arena.kept) {
      state.push({ name: `kept/${name}`, value, next: now, initial });
      if (initial.shape.length === 0) this.#metrics.set(name, now);
    }
    const inputs = [
      ...reals.flatMap((real, k) => [real, ...(labels[k] ? [labels[k]] : [])]),
      this.#rates.generator,
      this.#rates.discriminator,
      this.#arena.progress,
      ...this.#arena.noise.map((n) => n.value),
    ];
    const names = [...this.#metrics.keys()];
    const wanted = [...this.#metrics.values(), ...state.map((s) => s.next)];
    const real = remap(this.e, wanted, this.#arena.still);
    const outputs = wanted.map((v) => real.get(v) ?? v);
    return {
      inputs,
      metrics: names.map((name, i) => [name, outputs[i]!] as const),
      state: state.map((s, i) => ({ ...s, next: outputs[names.length + i]! })),
      noise: this.#arena.noise,
      progress: this.#arena.progress,
    };
  }

  #player(who: "generator" | "discriminator", layer: Layer): Standing {
    const slots = initialSlots(this.#gan.optimisers[who].transform, layer.params);
    return {
      bound: bind(layer, `${who}/`),
      slots: new Map(Object.entries(slots).map(([name, t]) => [name, input(t.dtype, t.shape, `${who}/slot/${name}`)])),
    };
  }

  /** The loss of one part, with what regularisers add; `counted`: it is a move that happens, not one that is foreseen. */
  #discriminatorLoss(play: Play, counted: boolean, metrics: Map<string, Value[]>): Value {
    const { e } = this;
    let loss = this.#gan.objective.discriminator(e, play.critic(play.real), play.critic(play.fake));
    for (const r of this.#gan.regularisers) {
      const keep = this.#arena.keeper(r, !counted);
      if (counted) r.watch?.({ e, keep }, e.Sub(play.critic(play.real), this.#line(play.critic(play.real), play.critic(play.fake))));
      const extra = r.discriminator?.({ ...play, keep });
      if (!extra) continue;
      metrics.set(`discriminator/${r.name}`, [...(metrics.get(`discriminator/${r.name}`) ?? []), extra]);
      loss = e.Add(loss, extra);
    }
    return loss;
  }

  /** Also the parts as they were played. */
  #moveDiscriminator(d: Standing, { plays, buffers }: Round, counted: boolean): { readonly standing: Standing; readonly plays: Part[] } {
    const { discriminator, regularisers } = this.#gan;
    const extras = new Map<string, Value[]>();
    const [played, losses]: [Part[], Value[]] = [[], []];
    const lossOf = (i: number, gate: Value | null): Value => {
      played.push(gate ? this.#arena.after(plays[i]!, gate) : plays[i]!);
      losses.push(this.#discriminatorLoss(played.at(-1)!, counted, extras));
      return losses.at(-1)!;
    };
    const gradients = (scale?: Value) => inTurn(this.e, plays.length, [...d.bound.params.values()], lossOf, scale);
    const moved = this.#move("discriminator", discriminator, d, gradients, buffers);
    if (counted) {
      this.#metrics.set("discriminator/loss", this.#arena.mean(losses));
      for (const [name, parts] of extras) this.#metrics.set(name, this.#arena.mean(parts));
    }
    const project = (v: Value) => regularisers.reduce((w, r) => r.project?.(this.e, w) ?? w, v);
    const params = new Map([...moved.bound.params].map(([name, v]) => [name, project(v)]));
    return { standing: { slots: moved.slots, bound: { params, buffers: moved.bound.buffers } }, plays: played };
  }

  #generatorLoss(play: Play): Value {
    const { e } = this;
    const { objective, regularisers } = this.#gan;
    const fake = play.critic(play.fake);
    const each = objective.generator(e, fake, play.critic(play.real));
    const weights = regularisers.flatMap((r) => r.chosen?.(play, fake) ?? []);
    let loss = mean(
      e,
      weights.reduce((v, w) => e.Mul(v, w), each),
    );
    for (const r of regularisers) {
      const extra = r.generator?.({ ...play, keep: this.#arena.keeper(r) });
      if (!extra) continue;
      this.#metrics.set(`generator/${r.name}`, extra);
      loss = e.Add(loss, extra);
    }
    return loss;
  }

  /** Parameters and slots after a step along the gradients. */
  #move(
    who: "generator" | "discriminator",
    layer: Layer,
    from: Standing,
    gradients: (scale?: Value) => readonly Value[],
    buffers: ReadonlyMap<string, Value>,
  ): Standing {
    const { e } = this;
    const next = applyTransform(e, this.#gan.optimisers[who].transform, from.bound.params, gradients, from.slots, this.#rates[who]);
    return {
      bound: {
        params: new Map(Object.keys(layer.params).map((n) => [n, next.params.get(n)!])),
        buffers: new Map([...from.bound.buffers].map(([n, v]) => [n, buffers.get(n) ?? v])),
      },
      slots: new Map([...from.slots].map(([n, v]) => [n, next.state.get(n) ?? v])),
    };
  }

  /** The threshold between real and generated samples; without one, the middle between the two kinds' means. */
  #line(real: Value, fake: Value): Value {
    const { e } = this;
    const { threshold } = this.#gan.objective;
    return threshold === null ? e.Mul(e.Add(mean(e, real), mean(e, fake)), e.scalar(0.5, real)) : e.scalar(threshold, real);
  }

  /** Shares of samples on the right side of the line. */
  #accuracies(real: readonly Value[], fake: readonly Value[]): void {
    const { e } = this;
    const [r, f] = [real, fake].map((parts) =>
      parts.length === 1 ? parts[0]! : e.Concat(...(parts as unknown as [Value, ...Value[]]), { axis: 0 }),
    ) as [Value, Value];
    const line = this.#line(r, f);
    const share = (hit: Value) => mean(e, e.Where(hit, e.scalar(1, r), e.scalar(0, r)));
    this.#metrics.set("discriminator/accuracy-real", share(e.Greater(r, line)));
    this.#metrics.set("discriminator/accuracy-fake", share(e.Less(f, line)));
  }

  #states(who: string, layer: Layer, from: Standing, to: Standing, transform: Transform): (State & { name: string })[] {
    const slots = initialSlots(transform, layer.params);
    const one = (kind: string, name: string, value: Value, next: Value | undefined, initial: Tensor) => ({
      name: `${who}/${kind}/${name}`,
      value,
      next: next ?? value,
      initial,
    });
    return [
      ...[...from.bound.params].map(([n, v]) => one("param", n, v, to.bound.params.get(n), layer.params[n]!)),
      ...[...from.bound.buffers].map(([n, v]) => one("buffer", n, v, to.bound.buffers.get(n), layer.buffers[n]!)),
      ...[...from.slots].map(([n, v]) => one("slot", n, v, to.slots.get(n), slots[n]!)),
    ];
  }

  /** Averages of the generator's weights, and of the statistics that belong to them; of few steps they forget faster: decay min(d, (1 + t)/(10 + t)). */
  #averages(layer: Layer, g: Standing, decay: number): (State & { name: string })[] {
    const { e } = this;
    const t = g.slots.get("count")!;
    const young = e.Div(e.Add(t, e.scalar(1, t)), e.Add(t, e.scalar(10, t)));
    const d = e.Min(e.scalar(decay, t), young);
    return [...g.bound.params, ...g.bound.buffers].map(([name, now]) => {
      const initial = (layer.params[name] ?? layer.buffers[name])!;
      const value = input(initial.dtype, initial.shape, `ema/${name}`);
      return { name: `ema/${name}`, value, next: e.Add(value, e.Mul(e.Sub(now, value), e.Sub(e.scalar(1, t), d))), initial };
    });
  }
}
