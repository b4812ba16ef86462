import { fold, normal } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { boxOf, legalise } from "./domain.ts";
import { row } from "./iterate.ts";
import { l2 } from "./norm.ts";
import { Questions, wins } from "./questions.ts";
import { distanceOf, type StartOptions, startingPoints, toBoundary } from "./starting-point.ts";

export interface BoundaryOptions extends StartOptions {
  /** Questions for each sample; default 25,000. */
  readonly queries?: number;
  /** First lengths of the orthogonal step δ and of the step towards x, as shares of the distance; default 0.01. */
  readonly orthogonalStep?: number;
  readonly sourceStep?: number;
  /** How much they change at a time; default 1.5. */
  readonly adaptation?: number;
}

/** How often a step won: its last `size` tries. */
class Rate {
  #tries: boolean[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  add(won: boolean): void {
    this.#tries.push(won);
    if (this.#tries.length > this.#size) this.#tries.shift();
  }

  /** Factor of the step: up above `high`, down below `low`, then it counts anew. */
  change(low: number, high: number, factor: number): number {
    if (this.#tries.length < this.#size) return 1;
    const rate = this.#tries.filter(Boolean).length / this.#size;
    if (rate >= low && rate <= high) return 1;
    this.#tries = [];
    return rate > high ? factor : 1 / factor;
  }
}

/**
 * Boundary attack. Brendel, Rauber & Bethge 2017, arXiv:1712.04248, Algorithm 1: a random walk of points that win. Each proposal goes δ·‖z − x‖ along the sphere around x,
 * then ε·‖z − x‖ towards x, and is kept where it wins; δ follows how often the first half alone wins (asked every tenth step; about half the time where the boundary is
 * flat), ε how often both do.
 * L2, smallest. Asks for labels; targeted with `starts` of the class, or where random points are of it.
 */
export const boundary = ({
  queries = 25_000,
  orthogonalStep = 0.01,
  sourceStep = 0.01,
  adaptation = 1.5,
  ...start
}: BoundaryOptions = {}): Attack<"labels"> => ({
  name: "boundary",
  access: "labels",
  kind: "minimal",
  norms: ["l2"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const { norm, domain } = threat;
    const questions = new Questions(x, queries, wins(victim, batch, threat));
    const best = await startingPoints(questions, batch, threat, start);
    const z = best.x;
    await toBoundary(
      questions,
      questions.open((i) => !best.won[i]),
      { x, z, best, tolerance: 1e-3 },
      threat,
    );
    const walks = keys.map(() => ({ delta: orthogonalStep, epsilon: sourceStep, sphere: new Rate(100), both: new Rate(30) }));
    for (let t = 1; ; t++) {
      const open = questions.open((i) => !best.won[i] || walks[i]!.epsilon < 1e-7);
      if (open.length === 0) return [best.x];
      const steps = new Map(
        open.map((i) => {
          const [clean, at, walk] = [row(x, i), row(z, i), walks[i]!];
          const radius = l2.distance(Float64Array.from(at, (v, k) => v - clean[k]!));
          const sphere = onSphere(at, clean, radius, walk.delta, normal(fold(keys[i]!, t), at.length), domain.free);
          const { low, high } = boxOf(domain, clean);
          for (let k = 0; k < sphere.length; k++) sphere[k] = Math.min(Math.max(sphere[k]!, low[k]!), high[k]!);
          // towards x, to a distance of (1 − ε)·radius, wherever the box left the sphere
          const share = Math.min(((1 - walk.epsilon) * radius) / (distanceOf(norm, sphere, clean) || 1), 1);
          return [i, { radius, sphere, share }];
        }),
      );
      if (t % 10 === 0)
        await questions.put(
          open,
          1,
          (out, i) => out.set(steps.get(i)!.sphere),
          (won, i) => walks[i]!.sphere.add(won),
        );
      await questions.put(
        open.filter((i) => questions.left[i]! > 0),
        1,
        (out, i) => {
          const [clean, { sphere, share }] = [row(x, i), steps.get(i)!];
          for (let k = 0; k < out.length; k++) out[k] = clean[k]! + share * (sphere[k]! - clean[k]!);
          legalise(out, clean, norm, Number.POSITIVE_INFINITY, domain);
        },
        (won, i, _, point) => {
          walks[i]!.both.add(won);
          if (won) best.offer(i, point, -distanceOf(norm, point, row(x, i)), true);
        },
      );
      if (t % 10 === 0)
        for (const i of open) {
          const walk = walks[i]!;
          const factor = walk.sphere.change(0.2, 0.5, adaptation);
          walk.delta *= factor;
          walk.epsilon *= factor * walk.both.change(0.1, 0.25, adaptation);
        }
    }
  },
});

/** x + radius·(d + δu)/√(1 + δ²), d the direction of z − x and u a random one at right angles to it. */
function onSphere(z: Float32Array, x: Float32Array, radius: number, delta: number, noise: Float32Array, free: Uint8Array): Float32Array {
  const d = Float64Array.from(z, (v, k) => (v - x[k]!) / (radius || 1));
  let along = 0;
  for (let k = 0; k < d.length; k++) {
    if (!free[k]) noise[k] = 0;
    along += noise[k]! * d[k]!;
  }
  let length = 0;
  for (let k = 0; k < d.length; k++) {
    noise[k] = noise[k]! - along * d[k]!;
    length += noise[k]! ** 2;
  }
  const scale = delta / (Math.sqrt(length) || 1);
  return z.map((_, k) => x[k]! + (radius * (d[k]! + scale * noise[k]!)) / Math.sqrt(1 + delta * delta));
}
