/** Vectors whose numbers have units of their own, as numbers that a distance may add up. */
import type { Tensor } from "../../base/index.ts";
import { type DataUnits, inUnits, outOfUnits, type Pool, type Pools } from "../../data/index.ts";
import type { Source } from "./evaluate.ts";

type Numbers = Tensor<"float32">;

const unitsFor = ({ shape, units }: Pick<Pool, "shape" | "units">): DataUnits | null => (shape.length === 1 ? (units ?? null) : null);

/** Samples [n, …] of a pool: vectors in units, others as they are. */
export const comparable = (x: Numbers, pool: Pick<Pool, "shape" | "units">): Numbers => inUnits(x, unitsFor(pool));

/** A generator and the data it is measured against, both so. */
export function comparing(source: Source, pools: Pools): { readonly source: Source; readonly pools: Pools } {
  const units = unitsFor(pools.train);
  if (!units) return { source, pools };
  const of = (pool: Pool): Pool => ({
    ...pool,
    range: units.range,
    units: null,
    write(i, out) {
      pool.write(i, out);
      out.set(inUnits({ dtype: "float32", shape: [1, ...pool.shape], data: out }, units).data);
    },
  });
  const { judge } = source;
  return {
    pools: { ...pools, train: of(pools.train), test: of(pools.test) },
    source: {
      ...source,
      sample: async (n, seed) => {
        const { x, labels } = await source.sample(n, seed);
        return { x: inUnits(x, units), labels };
      },
      judge: judge && { ...judge, logits: (x, labels) => judge.logits(outOfUnits(x, units), labels) },
    },
  };
}
