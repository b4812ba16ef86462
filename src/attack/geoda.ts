import { fold, normal } from "../base/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { boxOf, legalise } from "./domain.ts";
import { eachRow, freed, row } from "./iterate.ts";
import { Questions, wins } from "./questions.ts";
import { distanceOf, type StartOptions, startingPoints, toBoundary } from "./starting-point.ts";
import { planesOf } from "./transform/planes.ts";

export interface GeodaOptions extends StartOptions {
  /** Questions for each sample; default 10,000. */
  readonly queries?: number;
  /** How the estimates grow: round t takes λ^(−2t/3) of the questions; default 0.6. */
  readonly lambda?: number;
  /** Length of the noise around a boundary point, as a share of the distance; default 0.02. */
  readonly radius?: number;
  /** Pictures: noise of so many lowest frequencies along each axis; default a third of them, ∞ for all. */
  readonly frequencies?: number;
}

/** Least points of the first estimate. */
const FIRST = 50;

/** Questions for `rounds` estimates, of which each takes λ^(−2/3) times the one before: as many rounds as leave the first one enough. */
function shares(queries: number, lambda: number): number[] {
  const growth = lambda ** (-2 / 3);
  let rounds = 1;
  const first = (n: number) => (growth === 1 ? queries / n : (queries * (growth - 1)) / (growth ** n - 1));
  while (first(rounds + 1) >= FIRST) rounds++;
  return Array.from({ length: rounds }, (_, t) => Math.max(1, Math.floor(first(rounds) * growth ** t)));
}

/** Questions kept for the two searches that follow an estimate. */
const RESERVE = 40;

/**
 * GeoDA. Rahmati, Moosavi-Dezfooli, Frossard & Dai 2020, arXiv:2003.06468: near x the boundary is taken for flat. Its normal at a boundary point is
 * estimated by labels alone, w = mean φ·η over normal η, φ = ±1; the next boundary point lies from x itself in the direction that is shortest along w:
 * w/‖w‖ in L2, sign(w) in L∞, feature by feature to the edge of the box in L1. Rounds grow by λ^(−2/3).
 * Norms: L2, L∞, L1. Asks for labels; targeted with `starts` of the class, or where random points are of it.
 */
export const geoda = ({ queries = 10_000, lambda = 0.6, radius = 0.02, frequencies, ...start }: GeodaOptions = {}): Attack<"labels"> => ({
  name: "geoda",
  access: "labels",
  kind: "minimal",
  norms: ["l2", "linf", "l1"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const { norm, domain } = threat;
    const questions = new Questions(x, queries, wins(victim, batch, threat));
    const best = await startingPoints(questions, batch, threat, start);
    const z = best.x;
    const found = questions.open((i) => !best.won[i]);
    await toBoundary(questions, found, { x, z, best, tolerance: 1e-4 }, threat);
    const noise = noiseOf(x.shape.slice(1), frequencies);
    const plan = keys.map((_, i) => shares(questions.left[i]!, lambda));
    for (let t = 0; ; t++) {
      const open = questions.open((i) => !best.won[i] || t >= plan[i]!.length);
      if (open.length === 0) return [best.x];
      const about = eachRow(x, () => {});
      const near = new Map(open.map((i) => [i, radius * euclid(row(z, i), row(x, i))]));
      await questions.put(
        open,
        (i) => Math.max(1, Math.min(plan[i]![t]!, questions.left[i]! - RESERVE)),
        (out, i, j) => {
          const at = row(z, i);
          const { low, high } = boxOf(domain, row(x, i));
          const eta = freed(noise(fold(fold(keys[i]!, t), j), out.length), domain);
          const scale = near.get(i)! / (euclid(eta) || 1);
          for (let k = 0; k < out.length; k++) out[k] = Math.min(Math.max(at[k]! + scale * eta[k]!, low[k]!), high[k]!);
        },
        (won, i, _, point) => {
          const [w, at] = [row(about, i), row(z, i)];
          for (let k = 0; k < w.length; k++) w[k] = w[k]! + (won ? 1 : -1) * (point[k]! - at[k]!);
        },
      );
      const reach = new Map(open.map((i) => [i, distanceOf(norm, row(z, i), row(x, i))]));
      const path = (out: Float32Array, i: number, share: number) => along(out, row(x, i), row(about, i), share * reach.get(i)!, threat);
      const next = { ...x, data: x.data.slice() };
      const turned: number[] = [];
      for (let far = 0, left = open; left.length > 0 && far < 6; far++) {
        const short: number[] = [];
        await questions.put(
          left,
          1,
          (out, i) => {
            path(out, i, 1);
            legalise(out, row(x, i), norm, Number.POSITIVE_INFINITY, domain);
          },
          (won, i, _, point) => {
            if (won) row(next, i).set(point);
            (won ? turned : short).push(i);
          },
        );
        for (const i of short) reach.set(i, 1.5 * reach.get(i)!);
        left = short.filter((i) => questions.left[i]! > 0);
      }
      await toBoundary(questions, turned, { x, z: next, best, tolerance: 1e-4 }, threat, (out, i, _, share) => path(out, i, share));
    }
  },
});

function euclid(v: ArrayLike<number>, from?: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < v.length; k++) sum += (v[k]! - (from ? from[k]! : 0)) ** 2;
  return Math.sqrt(sum);
}

/** The point of the ball of radius `length` that is furthest along w, before L2 and L∞ are cut to the box. */
function along(out: Float32Array, x: Float32Array, w: Float32Array, length: number, { norm, domain }: Threat): void {
  if (norm.name !== "l1") {
    norm.steepest(w, out);
    for (let k = 0; k < out.length; k++) out[k] = x[k]! + length * out[k]!;
    return;
  }
  const { low, high } = boxOf(domain, x);
  out.set(x);
  let left = length;
  for (const k of [...w.keys()].sort((a, b) => Math.abs(w[b]!) - Math.abs(w[a]!))) {
    const room = w[k]! > 0 ? high[k]! - x[k]! : x[k]! - low[k]!;
    const step = Math.min(room, left);
    out[k] = x[k]! + Math.sign(w[k]!) * step;
    left -= step;
    if (left <= 0) return;
  }
}

/** Normal noise; of an image, of its lowest frequencies along each axis, as cosines (DCT-II), one draw a channel. */
function noiseOf(shape: readonly number[], frequencies: number | undefined): typeof normal {
  if ((shape.length !== 2 && shape.length !== 3) || frequencies === Number.POSITIVE_INFINITY) return normal;
  const { channels, height: rows, width: columns, strides } = planesOf(shape);
  if (rows === 1 || columns === 1) return normal;
  const wave = (n: number) =>
    Array.from({ length: Math.max(1, Math.min(frequencies ?? Math.round(n / 3), n)) }, (_, u) =>
      Float64Array.from({ length: n }, (_, i) => Math.cos((Math.PI * (2 * i + 1) * u) / (2 * n))),
    );
  const [down, across] = [wave(rows), wave(columns)];
  return (key, n) => {
    const a = normal(key, channels * down.length * across.length);
    const out = new Float32Array(n);
    for (let c = 0; c < channels; c++)
      for (let u = 0; u < down.length; u++) {
        const line = new Float64Array(columns);
        across.forEach((wv, v) => {
          const weight = a[(c * down.length + u) * across.length + v]!;
          for (let j = 0; j < columns; j++) line[j] = line[j]! + weight * wv[j]!;
        });
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++) out[c * strides[0] + i * strides[1] + j * strides[2]]! += down[u]![i]! * line[j]!;
      }
    return out;
  };
}
