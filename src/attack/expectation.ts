import { fold, type Key, size, type Tensor } from "../base/index.ts";
import { argmax } from "../model/index.ts";
import type { Attack, Batch, Threat } from "./attack.ts";
import { eachRow, row } from "./iterate.ts";
import type { Draw, Transformation } from "./transform/transformation.ts";
import type { GradientVictim } from "./victim.ts";

type Floats = Tensor<"float32">;

/** The victim behind transformations: what it tells of an input is the mean of what it tells of `samples` draws from T(x). */
function behind(
  victim: GradientVictim,
  transformation: Transformation,
  samples: number,
  keys: readonly Key[],
  threat: Threat,
): GradientVictim {
  const { low, high } = threat.domain;
  const range = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))] as const;
  // how often each sample was asked about: with its key, all that a draw depends on
  const asked = new Uint32Array(keys.length);
  const mean = async <T>(
    x: Floats,
    owners: ArrayLike<number> | undefined,
    ask: (seen: Floats, draws: readonly Draw[]) => Promise<T>,
    add: (one: T) => void,
  ) => {
    const rowKeys = Array.from({ length: x.shape[0]! }, (_, i) => {
      const owner = owners?.[i] ?? i;
      asked[owner]!++;
      return fold(fold(keys[owner]!, "expectation"), asked[owner]!);
    });
    for (let s = 0; s < samples; s++) {
      const draws = rowKeys.map((key) => transformation.draw(fold(key, s), victim.inputShape, range));
      add(
        await ask(
          eachRow(x, (out, i) => out.set(draws[i]!.apply(row(x, i)))),
          draws,
        ),
      );
    }
  };
  const into = (sum: Float32Array, part: ArrayLike<number>) => {
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + part[j]! / samples;
  };
  const blank = (m: number): Floats => ({ dtype: "float32", shape: [m, victim.classes], data: new Float32Array(m * victim.classes) });
  const scores: GradientVictim["scores"] = async (x, owners) => {
    const sum = blank(x.shape[0]!);
    await mean(
      x,
      owners,
      (seen) => victim.scores(seen, owners),
      (one) => into(sum.data, one.data),
    );
    return sum;
  };
  return {
    ...victim,
    scores,
    labels: async (x, owners) => argmax(await scores(x, owners)),
    async slopes(loss, x, labels, others, owners) {
      const [m, width] = [x.shape[0]!, size(x.shape.slice(1))];
      const sum = { logits: blank(m), losses: new Float32Array(m), gradient: { ...x, data: new Float32Array(m * width) } };
      await mean(
        x,
        owners,
        async (seen, draws) => {
          const { logits, losses, gradient } = await victim.slopes(loss, seen, labels, others, owners);
          // ∇ₓ J(T(x)) = (∂T/∂x)ᵀ ∇J
          return { logits, losses, gradient: eachRow(x, (out, i) => out.set(draws[i]!.pullBack(row(x, i), row(gradient, i)))) };
        },
        (one) => {
          into(sum.logits.data, one.logits.data);
          into(sum.losses, one.losses);
          into(sum.gradient.data, one.gradient.data);
        },
      );
      return sum;
    },
  };
}

/**
 * Any gradient attack, over transformations: it climbs  E_{T}[J(T(x), y)]  instead of J(x, y), by the mean of `samples` fresh draws a step. Athalye et
 * al. 2017, "Synthesizing Robust Adversarial Examples", arXiv:1707.07397, §2. Of a model that draws at random itself, `compose()` (the
 * identity) takes the expectation over its own draws. Norms, threat model and targets are the attack's; each step costs `samples` passes.
 */
export const expectation = (attack: Attack<"gradient">, transformation: Transformation, samples = 20): Attack<"gradient"> => ({
  ...attack,
  name: `${attack.name} over ${transformation.name}`,
  deterministic: false,
  run: (victim, batch: Batch, threat) => attack.run(behind(victim, transformation, samples, batch.keys, threat), batch, threat),
});
