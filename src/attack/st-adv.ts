import type { Attack } from "./attack.ts";
import { legalise } from "./domain.ts";
import { Best, eachRow, freed, row } from "./iterate.ts";
import { margin, negated } from "./loss.ts";
import { checkedSteps } from "./pgd.ts";
import { type Planes, planesOf } from "./transform/planes.ts";
import { type Places, sampled } from "./transform/sampling.ts";

export interface StAdvOptions {
  /** Default 100. */
  readonly steps?: number;
  /** Length of a step of the flow, in pixels; default 0.05. */
  readonly rate?: number;
  /** τ, the weight of the flow's roughness; default 0.05. */
  readonly smoothness?: number;
  /** κ: how far past the boundary to go; default 0. */
  readonly confidence?: number;
  /** Farthest that a pixel may be read from, in pixels along each axis; default none. */
  readonly reach?: number;
}

/** Where each pixel is read from: its own place and the flow there, inside the picture. */
function flowed({ height, width }: Planes, flow: Float64Array): Places {
  const n = height * width;
  const inside = (v: number, most: number) => Math.min(Math.max(v, 0), most - 1);
  return {
    rows: Float64Array.from({ length: n }, (_, p) => inside(Math.floor(p / width) + flow[p]!, height)),
    columns: Float64Array.from({ length: n }, (_, p) => inside((p % width) + flow[n + p]!, width)),
  };
}

/** L_flow = Σ over pixels p and their neighbours q of ‖f(p) − f(q)‖₂, with its gradient: eq. (4). */
function roughness(flow: Float64Array, { height, width }: Planes): { value: number; gradient: Float64Array } {
  const n = height * width;
  const gradient = new Float64Array(2 * n);
  let value = 0;
  const pair = (p: number, q: number): void => {
    const [down, right] = [flow[p]! - flow[q]!, flow[n + p]! - flow[n + q]!];
    const length = Math.hypot(down, right);
    // each pair is met from both its ends
    value += 2 * length;
    if (length === 0) return;
    for (const [at, d] of [
      [0, down],
      [n, right],
    ] as const) {
      gradient[at + p] = gradient[at + p]! + (2 * d) / length;
      gradient[at + q] = gradient[at + q]! - (2 * d) / length;
    }
  };
  for (let p = 0; p < n; p++) {
    if (p % width < width - 1) pair(p, p + 1);
    if (p + width < n) pair(p, p + width);
  }
  return { value, gradient };
}

/** Adam's ascent on one sample's flow. Kingma & Ba 2014, arXiv:1412.6980. */
class Climb {
  readonly flow: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  #t = 0;

  constructor(n: number) {
    this.flow = new Float64Array(n);
    this.#mean = new Float64Array(n);
    this.#square = new Float64Array(n);
  }

  step(gradient: (j: number) => number, rate: number, reach: number): void {
    this.#t++;
    for (let j = 0; j < this.flow.length; j++) {
      const g = gradient(j);
      this.#mean[j] = 0.9 * this.#mean[j]! + 0.1 * g;
      this.#square[j] = 0.999 * this.#square[j]! + 0.001 * g * g;
      const m = this.#mean[j]! / (1 - 0.9 ** this.#t);
      const moved = this.flow[j]! + (rate * m) / (Math.sqrt(this.#square[j]! / (1 - 0.999 ** this.#t)) + 1e-8);
      this.flow[j] = Math.min(Math.max(moved, -reach), reach);
    }
  }
}

/**
 * Spatially transformed adversarial examples. Xiao et al. 2018, arXiv:1801.02612, §3: no pixel changes its value, each is read from a place
 * nearby. The flow f minimises  L_adv(x_f) + τ·L_flow(f),  L_adv = max(z_y − max_{j≠y} z_j, −κ),  here by Adam in place of L-BFGS.
 * A threat of its own, in no norm's ball. White box; targeted or not. Proposes the smoothest flow that wins, else the last of the highest margin.
 */
export function stAdv({
  steps = 100,
  rate = 0.05,
  smoothness = 0.05,
  confidence = 0,
  reach = Number.POSITIVE_INFINITY,
}: StAdvOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "st-adv",
    access: "gradient",
    kind: "own",
    norms: ["linf", "l2", "l1", "l0"],
    targets: true,
    deterministic: true,
    async run(victim, { x, labels }, { norm, targeted, domain }) {
      const planes = planesOf(victim.inputShape);
      const loss = targeted ? negated(margin) : margin;
      const climbs = Array.from(labels, () => new Climb(2 * planes.height * planes.width));
      const best = new Best(x);
      for (let k = 0; k < steps; k++) {
        const samplings = climbs.map(({ flow }) => sampled(planes, planes, flowed(planes, flow), 0));
        const z = eachRow(x, (out, i) => {
          out.set(samplings[i]!.apply(row(x, i)));
          legalise(out, row(x, i), norm, Number.POSITIVE_INFINITY, domain);
        });
        const { losses, gradient } = await victim.slopes(loss, z, labels);
        for (const [i, climb] of climbs.entries()) {
          const rough = roughness(climb.flow, planes);
          const won = losses[i]! > confidence;
          best.offer(i, row(z, i), won ? -rough.value : losses[i]!, won);
          const { rows, columns } = samplings[i]!.toPlaces(row(x, i), freed(row(gradient, i), domain));
          const n = rows.length;
          const adversarial = (j: number) => (won ? 0 : j < n ? rows[j]! : columns[j - n]!);
          climb.step((j) => adversarial(j) - smoothness * rough.gradient[j]!, rate, reach);
        }
      }
      return [best.x];
    },
  };
}
