/** The data in an order that is a function of a key alone. */
import { fail, fold, type Key, permutation, size, type Tensor } from "../base/index.ts";
import type { Pool } from "../data/index.ts";

/** Batch number `k` (0, 1, …): each sample once in every pass over the data, in another order each time; what is left over at the end of a pass is left out. */
export function batches(pool: Pool, batch: number, key: Key): (k: number) => { x: Tensor<"float32">; labels: Tensor<"int64"> } {
  const perPass = Math.floor(pool.size / batch);
  if (perPass === 0)
    fail({
      code: "batch",
      expected: `a batch of at most ${pool.size}, the samples there are of ${pool.name}`,
      got: `${batch}`,
      mend: "take a smaller batch, or bring more samples",
    });
  const width = size(pool.shape);
  let order = new Uint32Array();
  let of = -1;
  return (k) => {
    const pass = Math.floor(k / perPass);
    if (of !== pass) [order, of] = [permutation(fold(key, pass), pool.size) as Uint32Array<ArrayBuffer>, pass];
    const x: Tensor<"float32"> = { dtype: "float32", shape: [batch, ...pool.shape], data: new Float32Array(batch * width) };
    const labels: Tensor<"int64"> = { dtype: "int64", shape: [batch], data: new BigInt64Array(batch) };
    for (let i = 0; i < batch; i++) {
      const sample = order[(k - pass * perPass) * batch + i]!;
      pool.write(sample, x.data.subarray(i * width, (i + 1) * width));
      labels.data[i] = BigInt(pool.label(sample));
    }
    return { x, labels };
  };
}
