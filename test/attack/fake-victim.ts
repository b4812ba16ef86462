/** A victim z = Wx + b without a runtime, whose answers a test may twist. */
import type { GradientVictim } from "../../src/attack/index.ts";
import type { Tensor } from "../../src/base/index.ts";
import { argmax } from "../../src/model/index.ts";

interface Twist {
  /** Only one point, the first that is asked about after so many, is said to have left the label. */
  readonly winsOnceAfter: number;
  readonly label: number;
}

/** @param w [n, classes]; slopes are those of max_{j≠y} z_j − z_y, or of z_t − z_y where a second class is named */
export function fakeVictim(w: Float32Array, b: readonly number[], twist?: Twist): GradientVictim & { won(): Float32Array | undefined } {
  const [k, n] = [b.length, w.length / b.length];
  let asked = 0;
  let won: Float32Array | undefined;
  const logits = (x: Tensor<"float32">): Tensor<"float32"> => {
    const m = x.shape[0]!;
    const data = new Float32Array(m * k);
    for (let i = 0; i < m; i++)
      for (let c = 0; c < k; c++) data[i * k + c] = w.reduce((s, v, e) => (e % k === c ? s + v * x.data[i * n + (e - c) / k]! : s), b[c]!);
    for (let i = 0; twist && i < m; i++) {
      const wins = ++asked > twist.winsOnceAfter && !won;
      data.fill(wins ? 1 : 0, i * k, (i + 1) * k);
      data[i * k + twist.label] = wins ? 0 : 1;
      if (wins) won = x.data.slice(i * n, (i + 1) * n);
    }
    return { dtype: "float32", shape: [m, k], data };
  };
  return {
    classes: k,
    inputShape: [n],
    signal: undefined,
    won: () => won,
    labels: async (x) => argmax(logits(x)),
    scores: async (x) => logits(x),
    async slopes(loss, x, labels, others) {
      const z = logits(x);
      const gradient = { ...x, data: new Float32Array(x.data.length) };
      const losses = new Float32Array(x.shape[0]!);
      for (let i = 0; i < losses.length; i++) {
        const y = labels[i]!;
        const rivals = [...Array(k).keys()].filter((c) => c !== y).sort((p, q) => z.data[i * k + q]! - z.data[i * k + p]!);
        const up = others && others[i] !== y ? others[i]! : rivals[0]!;
        const weight = (c: number) =>
          loss.name === "logit-sum" ? 1 : loss.name === "logit" ? Number(c === others![i]) : Number(c === up) - Number(c === y);
        for (let j = 0; j < n; j++) for (let c = 0; c < k; c++) gradient.data[i * n + j]! += weight(c) * w[j * k + c]!;
      }
      return { logits: z, losses, gradient };
    },
  };
}
