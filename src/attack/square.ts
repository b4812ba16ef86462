import { fold, type Key } from "../base/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { boxOf, legalise, widths } from "./domain.ts";
import { Best, lead, row } from "./iterate.ts";
import type { Box } from "./norm.ts";
import { type Ask, Questions } from "./questions.ts";
import { type Field, fieldOf, signs } from "./square-windows.ts";

export interface SquareOptions {
  /** Questions for each sample; default 5000, as in AutoAttack. */
  readonly queries?: number;
  /** Share of the features that the first windows take, in (0, 1]; default 0.8. */
  readonly share?: number;
  /** Halve the windows as if 10,000 questions were asked, however few there are: the paper's schedule. Default in L∞; in L2 and L1 the questions as they are, as in AutoAttack. */
  readonly rescaled?: boolean;
  /** What to lower: the margin (default untargeted), or the cross-entropy of the target (default with targets), as published. */
  readonly loss?: "margin" | "cross-entropy";
}

/** After how many questions the share of the windows halves, as in the authors' code. */
const HALVES = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000] as const;

/** Share of the first share after so many questions. */
const shrink = (asked: number): number => 2 ** -HALVES.filter((at) => asked > at).length;

interface Answer {
  readonly won: boolean;
  readonly loss: number;
}

/**
 * Square Attack. Andriushchenko, Croce, Flammarion & Hein 2020, arXiv:1912.00049: random search that changes one window of the perturbation at a time and
 * keeps what lowers the loss. In L∞ a window moves to an edge of the ball, x̂ + 2ε·sign a channel, from vertical stripes (Algorithm 2); in L2 a window takes
 * another's mass (Algorithm 3). L1 as L2, with Σ|δ| for Σδ² and a projection for the scaling: Croce & Hein 2021, arXiv:2103.01208. Asks for scores; targeted or not. Images are
 * [C, H, W], [H, W, C] or [H, W]; of features without neighbours a window is any set, with a sign for each.
 */
export const square = ({ queries = 5000, share = 0.8, rescaled, loss }: SquareOptions = {}): Attack<"scores"> => ({
  name: "square",
  access: "scores",
  kind: "bounded",
  norms: ["linf", "l2", "l1"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, labels, keys } = batch;
    const { norm, epsilon, targeted, domain } = threat;
    const entropy = (loss ?? (targeted ? "cross-entropy" : "margin")) === "cross-entropy";
    const ask: Ask<Answer> = async (points, owners) => {
      const scores = await victim.scores(points, owners);
      return owners.map((i, k) => {
        const margin = lead(scores, k, labels[i]!, targeted);
        return { won: margin < 0, loss: entropy ? (targeted ? 1 : -1) * crossEntropy(row(scores, k), labels[i]!) : margin };
      });
    };
    const questions = new Questions(x, queries, ask);
    const field = fieldOf(x.shape.slice(1));
    const { start, change } = norm.name === "linf" ? corners(field, epsilon) : masses(field, threat);
    const best = new Best(x);
    const hear = ({ won, loss }: Answer, i: number, _: number, z: Float32Array) => best.offer(i, z, -loss, won);
    for (let k = 0; ; k++) {
      const open = questions.open((i) => best.won[i]);
      if (open.length === 0) return [best.x];
      const p = share * shrink((rescaled ?? norm.name === "linf") ? ((k - 1) / queries) * 10_000 : k - 1);
      const propose = (z: Float32Array, i: number) => {
        const [clean, now] = [row(x, i), row(best.x, i)];
        // what the box undoes is no proposal: draw again
        for (let redraw = 0; redraw < 10; redraw++) {
          const key = fold(fold(keys[i]!, k), redraw);
          z.set(now);
          if (k === 0) start(z, clean, key);
          else change(z, clean, key, p);
          legalise(z, clean, norm, epsilon, domain);
          if (z.some((v, j) => v !== now[j])) return;
        }
      };
      await questions.put(open, 1, propose, hear);
    }
  },
});

/** log Σⱼ exp z_j − z_y. */
function crossEntropy(z: Float32Array, y: number): number {
  const top = z.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return top + Math.log(z.reduce((s, v) => s + Math.exp(v - top), 0)) - z[y]!;
}

interface Search {
  /** From the clean x to a first point, in place. */
  start(z: Float32Array, x: Float32Array, key: Key): void;
  /** Change one window of the best point, in place. */
  change(z: Float32Array, x: Float32Array, key: Key, share: number): void;
}

/** L∞: every feature at −ε or ε. */
function corners(field: Field, epsilon: number): Search {
  return {
    start(z, _, key) {
      field.stripes.forEach(({ channels }, k) => {
        const side = signs(fold(key, k), channels.length);
        channels.forEach((places, c) => {
          for (const j of places) z[j] = z[j]! + epsilon * side[c]!;
        });
      });
    },
    change(z, x, key, share) {
      const { channels } = field.window(fold(key, 0), share, 1);
      // without neighbours, a sign for each feature
      const side = signs(fold(key, 1), field.neighbours ? channels.length : channels[0]!.length);
      channels.forEach((places, c) => {
        places.forEach((j, k) => {
          z[j] = x[j]! + epsilon * side[field.neighbours ? c : k]!;
        });
      });
    },
  };
}

/** Lengthen what the box leaves free until ‖z − x‖₂, cut to the box, is ε: the authors leave what the box takes unspent. Three rounds come near enough. */
function spend(z: Float32Array, x: Float32Array, epsilon: number, { low, high }: Box): void {
  for (let round = 0; round < 3; round++) {
    let [left, free] = [epsilon ** 2, 0];
    for (let j = 0; j < z.length; j++) {
      const d = Math.min(Math.max(z[j]!, low[j]!), high[j]!) - x[j]!;
      if (z[j]! > low[j]! && z[j]! < high[j]!) free += d * d;
      else left -= d * d;
    }
    const more = free > 0 ? Math.sqrt(Math.max(left, 0) / free) : 1;
    if (!(more > 1)) return;
    for (let j = 0; j < z.length; j++) if (z[j]! > low[j]! && z[j]! < high[j]!) z[j] = x[j]! + more * (z[j]! - x[j]!);
  }
}

/**
 * L_q, q = 2 or 1: the mass Σ|δ|^q moves. In L2 the perturbation keeps its norm ε. In L1 it starts with more, a feature's range for each tile, and
 * the projection decides what stays: it takes the same from all, so little is spread thin.
 */
function masses(field: Field, { norm, epsilon, domain }: Threat): Search {
  const q = norm.name === "l2" ? 2 : 1;
  const power = q === 2 ? (v: number) => v * v : Math.abs;
  const root = q === 2 ? Math.sqrt : (v: number) => v;
  const mass = (delta: Float64Array, places?: Int32Array) => {
    let sum = 0;
    if (places) for (let k = 0; k < places.length; k++) sum += power(delta[places[k]!]!);
    else for (let k = 0; k < delta.length; k++) sum += power(delta[k]!);
    return sum;
  };
  const range = widths(domain).reduce((a, b) => Math.max(a, b));
  const put = (z: Float32Array, x: Float32Array, delta: Float64Array) => {
    const scale = q === 1 ? 1 : epsilon / (root(mass(delta)) || 1);
    for (let j = 0; j < z.length; j++) z[j] = x[j]! + scale * delta[j]!;
    if (q === 2) spend(z, x, epsilon, boxOf(domain, x));
  };
  return {
    start(z, x, key) {
      const delta = new Float64Array(z.length);
      field.tiles.forEach((tile, t) => {
        const bump = field.bump(fold(fold(key, t), 0), tile, q);
        const side = signs(fold(fold(key, t), 1), tile.channels.length);
        tile.channels.forEach((places, c) => {
          places.forEach((j, k) => {
            delta[j] = bump[k]! * side[c]! * Math.max(range, epsilon / field.tiles.length);
          });
        });
      });
      put(z, x, delta);
    },
    change(z, x, key, share) {
      const delta = new Float64Array(z.length);
      for (let j = 0; j < z.length; j++) delta[j] = z[j]! - x[j]!;
      const to = field.window(fold(key, 0), share, 3);
      const from = field.window(fold(key, 1), share, 3);
      const bump = field.bump(fold(key, 2), to, q);
      const side = signs(fold(key, 3), field.channels);
      const spare = Math.max(epsilon ** q - mass(delta), 0) / field.channels;
      to.channels.forEach((places, c) => {
        const own = mass(delta, places);
        const mixed = new Float64Array(places.length);
        for (let k = 0; k < places.length; k++) {
          mixed[k] = side[c]! * bump[k]! + delta[places[k]!]! / (root(own) || 1);
          delta[places[k]!] = 0;
        }
        // what the other window holds besides
        const room = root(spare + own + mass(delta, from.channels[c]!));
        const length = root(mass(mixed)) || 1;
        for (const j of from.channels[c]!) delta[j] = 0;
        for (let k = 0; k < places.length; k++) delta[places[k]!] = (mixed[k]! / length) * room;
      });
      put(z, x, delta);
    },
  };
}
