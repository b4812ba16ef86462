/** Data in the plane, drawn from a key: small enough to see what a network does. */
import { fail, fold, type Key, normal, uniform } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";

type Point = readonly [number, number];

/** Gaussians of equal weight; a sample's class is the one it was drawn from. */
export interface Mixture {
  readonly means: readonly Point[];
  readonly std: number;
}

/**
 * The settings of PacGAN (Lin et al. 2018, arXiv:1712.04086, §4.1; its code at fjxmlzn/PacGAN): what counts modes needs the
 * means. Eight of them, all different: linspace(0, 2π, 8), as in older notebooks, gives seven.
 */
export const ring: Mixture = {
  means: Array.from({ length: 8 }, (_, i) => [Math.cos((2 * Math.PI * i) / 8), Math.sin((2 * Math.PI * i) / 8)]),
  std: 0.01,
};

export const grid: Mixture = {
  means: Array.from({ length: 25 }, (_, i) => [2 * Math.floor(i / 5) - 4, 2 * (i % 5) - 4]),
  std: 0.05,
};

interface Toy {
  readonly classes: number;
  readonly std: number;
  /** Where a sample lies before noise, `t` uniform in [0, 1). */
  readonly point: (label: number, t: number) => Point;
  readonly range: readonly [number, number];
}

const mixture = ({ means, std }: Mixture, most: number): Toy => ({
  classes: means.length,
  std,
  point: (label) => means[label]!,
  range: [-most, most],
});

// `normal` never exceeds 6.7 deviations, so the ranges hold every sample there can be
const TOYS = {
  ring: mixture(ring, 1.1),
  grid: mixture(grid, 4.4),
  /** Two interleaving half circles, as in scikit-learn's make_moons. */
  moons: {
    classes: 2,
    std: 0.1,
    point: (label, t) =>
      label === 0 ? [Math.cos(Math.PI * t), Math.sin(Math.PI * t)] : [1 - Math.cos(Math.PI * t), 0.5 - Math.sin(Math.PI * t)],
    range: [-1.7, 2.7],
  },
  /** Two arms of Archimedes' spiral, one and a half turns each; the root spreads the samples evenly along the arm. */
  spirals: {
    classes: 2,
    std: 0.02,
    point: (label, t) => {
      const r = Math.sqrt(t);
      const angle = 3 * Math.PI * r + Math.PI * label;
      return [r * Math.cos(angle), r * Math.sin(angle)];
    },
    range: [-1.2, 1.2],
  },
  /**
   * One arm of Archimedes' spiral, three quarters of a turn to two and a quarter: scikit-learn's make_swiss_roll(noise=0.25) in the plane of the roll, as Gulrajani et al. 2017
   * (arXiv:1704.00028, the code's toy) draw it, scaled to end at radius 1. The classes are its inner and its outer half.
   */
  "swiss-roll": {
    classes: 2,
    std: 0.25 / (4.5 * Math.PI),
    point: (label, t) => {
      const angle = 1.5 * Math.PI * (1 + label + t);
      return [(angle / (4.5 * Math.PI)) * Math.cos(angle), (angle / (4.5 * Math.PI)) * Math.sin(angle)];
    },
    range: [-1.2, 1.2],
  },
} as const satisfies Record<string, Toy>;

export type ToyName = keyof typeof TOYS;
export const TOY_NAMES = Object.keys(TOYS) as readonly ToyName[];

/** `n` samples [n, 2] (default 10,000), classes in turn. */
export function toy(name: ToyName, key: Key, n = 10_000): Dataset {
  if (!TOY_NAMES.includes(name))
    fail({ code: "toy-unknown", expected: `one of ${TOY_NAMES.join(", ")}`, got: `“${name}”`, mend: "choose one of those" });
  const { classes, std, point, range }: Toy = TOYS[name];
  const along = uniform(fold(key, "along"), n);
  const data = normal(fold(key, "noise"), 2 * n, 0, std);
  const y = Int32Array.from({ length: n }, (_, i) => i % classes);
  for (const [i, label] of y.entries()) for (const [axis, v] of point(label, along[i]!).entries()) data[2 * i + axis]! += v;
  return dataset({
    name: `toy:${name}`,
    x: { dtype: "float32", shape: [n, 2], data },
    y,
    classes: Array.from({ length: classes }, (_, k) => `${k}`),
    range,
    provenance: { source: `toy:${name}`, n },
  });
}
