/** One climb of Auto-PGD, of one sample in one ball: step sizes follow from what the loss did, and nothing is left to choose. */
import { type Key, normal, uniform } from "../base/index.ts";
import type { Threat } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { freed, stepRow } from "./iterate.ts";
import type { Question, Search } from "./one-search.ts";

export interface ApgdSchedule {
  /** N: iterations; default 100. */
  readonly steps?: number;
  /** ρ: the step is halved when a smaller share of the steps since the last checkpoint rose; default 0.75. */
  readonly rho?: number;
  /** α of the momentum: the share of the new step; default 0.75. */
  readonly momentum?: number;
}

export interface Point {
  readonly z: Float32Array;
  readonly loss: number;
  readonly gradient: Float32Array;
}

/** How a climb goes on from x^(k): a function of the points it is told, in order. */
type Stepper = (k: number, now: Point, best: Point) => Float32Array;

/**
 * The iterations at which the step is reconsidered: w_j = ⌈p_j·N⌉ with p₀ = 0, p₁ = 0.22, p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06).
 * arXiv:2003.01690, §3. In whole percents, where nothing rounds.
 */
export function checkpoints(steps: number): number[] {
  const out: number[] = [];
  for (let p = 22, length = 22; p <= 100; length = Math.max(length - 3, 6), p += length) out.push(Math.ceil((p * steps) / 100));
  return [...new Set(out)];
}

/** x + ε·t/‖t‖: on the edge of the ball, t uniform in [−1, 1]ⁿ (L∞) or normal; in L1 a normal t is brought to the ball, which leaves few of its numbers. */
export function edgeStart(x: Float32Array, key: Key, { norm, epsilon, domain }: Threat): Float32Array {
  const t = freed(norm.name === "linf" ? uniform(key, x.length, -1, 1) : normal(key, x.length), domain);
  const length = norm.distance(t);
  const scale = norm.name === "l1" ? Math.max(epsilon / length, 1) : epsilon / length;
  const z = x.map((v, j) => v + (length > 0 ? scale * t[j]! : 0));
  bring(z, x, { norm, epsilon, domain });
  return z;
}

/** Into ball and box, the box first where that is another point: the authors' order leaves perturbations of digits, whose black pixels the box stops, short of ε. */
export const bring = (z: Float32Array, x: Float32Array, { norm, epsilon, domain }: Pick<Threat, "norm" | "epsilon" | "domain">): void =>
  (norm.boxFirst ?? norm.project)(z, x, epsilon, boxOf(domain, x));

/** Algorithm 1 of arXiv:2003.01690: momentum, and steps from 2ε, halved at checkpoints with a restart from the best point. L∞ and L2. */
function halving(x: Float32Array, threat: Threat, { steps = 100, rho = 0.75, momentum = 0.75 }: ApgdSchedule): Stepper {
  const marks = new Set(checkpoints(steps));
  const direction = new Float32Array(x.length);
  let step = 2 * threat.epsilon;
  let before = x;
  let last = Number.NaN;
  let rises = 0;
  let checked = { at: 0, high: Number.NaN, halved: false };
  /** Condition 1: too few steps rose (≤ as in the authors' code; the paper has <). Condition 2: nothing changed since the last checkpoint. */
  const stalls = (k: number, high: number): boolean => {
    const halved = rises <= rho * (k - checked.at) || (!checked.halved && high === checked.high);
    checked = { at: k, high, halved };
    rises = 0;
    return halved;
  };
  return (k, now, best) => {
    if (now.loss > last) rises++;
    last = now.loss;
    let from = now;
    if (k === 0) checked.high = now.loss;
    else if (marks.has(k) && stalls(k, best.loss)) {
      step /= 2;
      from = best;
    }
    // y = P(x + η·s),  x⁺ = P(x + α(y − x) + (1 − α)(x − x⁻)); the first step has no momentum
    const a = k === 0 ? 1 : momentum;
    const next = from.z.slice();
    threat.norm.steepest(freed(from.gradient, threat.domain), direction);
    for (let j = 0; j < next.length; j++) next[j] = next[j]! + step * direction[j]!;
    bring(next, x, threat);
    for (let j = 0; j < next.length; j++) next[j] = from.z[j]! + a * (next[j]! - from.z[j]!) + (1 - a) * (from.z[j]! - before[j]!);
    bring(next, x, threat);
    // after a restart the climb has only been at the best point
    before = from.z;
    return next;
  };
}

const moved = (z: Float32Array, x: Float32Array): number => z.reduce((s, v, j) => s + (v === x[j] ? 0 : 1), 0);

/**
 * Algorithm 1 of arXiv:2103.01208 for L1: a step moves k features, and k and η follow how sparse the best point is. Every 0.04N iterations
 * k = ‖x_max − x‖₀/1.5, and η = ε with a restart from x_max where that shrank by 5 %, else η/1.5 down to ε/10.
 * @param start what an earlier climb found, which tells the sparsity; else a fifth of the features move
 */
function sparsifying(x: Float32Array, threat: Threat, { steps = 100 }: ApgdSchedule, start: Float32Array | undefined): Stepper {
  const { epsilon, domain } = threat;
  const period = Math.max(Math.floor(0.04 * steps), 1);
  let sparsity = start ? moved(start, x) : domain.free.reduce((s, f) => s + f, 0);
  // whole features, upwards: a step of one feature alone is stuck where two have to move
  const shareOf = (k: number) => Math.ceil(k - 1e-9) / x.length;
  let share = shareOf(start ? sparsity / 1.5 : 0.2 * sparsity);
  let step = epsilon;
  return (k, now, best) => {
    let from = now;
    if (k > 0 && k % period === 0) {
      const support = moved(best.z, x);
      share = shareOf(support / 1.5);
      if (support < 0.95 * sparsity) {
        step = epsilon;
        from = best;
      } else step = Math.max(step / 1.5, epsilon / 10);
      sparsity = support;
    }
    const next = from.z.slice();
    stepRow(next, from.gradient, x, step, threat, share);
    return next;
  };
}

export interface Climbed {
  /** Of the highest loss. */
  readonly best: Point;
  /** The last point that won, if any did; `surely` where by more than rounding, so that the user's file, run another way, will agree. */
  readonly winner?: Float32Array;
  readonly surely: boolean;
}

/**
 * Climb from `start`, N steps or until it is surely won.
 * @param stops false in a ball that is larger than ε, where nothing is won yet
 * @param warm whether an earlier climb found `start`
 */
export function* climb(
  x: Float32Array,
  start: Float32Array,
  threat: Threat,
  schedule: ApgdSchedule,
  ask: (z: Float32Array) => Question,
  { stops = true, warm = false } = {},
): Search<Climbed> {
  const { steps = 100 } = schedule;
  const stepper = threat.norm.name === "l1" ? sparsifying(x, threat, schedule, warm ? start : undefined) : halving(x, threat, schedule);
  let z = start;
  let best: Point | undefined;
  let winner: Float32Array | undefined;
  for (let k = 0; ; k++) {
    const [at] = yield [ask(z)];
    const { loss, gain, logits } = at!;
    // of its own memory: what is told is a row of the batch
    const now = { z, loss: Number.isNaN(loss) ? Number.NEGATIVE_INFINITY : loss, gradient: at!.gradient.slice() };
    if (!best || now.loss > best.loss) best = now;
    if (stops && gain > 0) {
      winner = z;
      if (gain > 1e-5 * logits.reduce((most, v) => Math.max(most, Math.abs(v)), 0)) return { best, winner, surely: true };
    }
    if (k === steps) return { best, ...(winner && { winner }), surely: false };
    z = stepper(k, now, best);
  }
}
