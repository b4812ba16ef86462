/** Samples to look at: as they were, what was added, as they are, and what the model says of each. */
import { host } from "#host";
import { row } from "../attack/index.ts";
import { type Tensor, take } from "../base/index.ts";
import type { LabelModel } from "../model/index.ts";
import { imageGrid, signedGrid } from "../report/index.ts";
import type { AuditResult } from "./audit.ts";
import { scored } from "./checks/check.ts";
import { isImage } from "./deployment.ts";

export interface Exhibit {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  readonly adversarialPredicted: number;
  readonly turnedBy: string | null;
  readonly distance: number;
  /** Confidence in the label, and in what the model says; null where it gives no scores. */
  readonly confidence: { readonly clean: number; readonly adversarial: number } | null;
  /** PNGs: clean, difference (red above, blue below 0, full colour at the largest), adversarial. null where samples are no pictures. */
  readonly pictures: readonly [Uint8Array, Uint8Array, Uint8Array] | null;
  /** Of samples that are no pictures: the features that changed most. */
  readonly changes: readonly { readonly feature: number; readonly from: number; readonly to: number }[];
}

/** Samples on the page, and least pixels along a picture's longer side: three of 28 × 28 stand side by side in a column. */
const SHOWN = 12;
const SMALLEST = 84;

/** Up to a dozen samples that were turned, of as many classes as there are. */
export async function gallery(model: LabelModel, x: Tensor<"float32">, report: AuditResult): Promise<Exhibit[]> {
  const chosen = varied(report);
  if (chosen.length === 0) return [];
  const [clean, adversarial] = [take(model.samples(x), chosen), take(report.adversarial, chosen)];
  const range = report.threat.range;
  const images = isImage(model.inputShape);
  const confidences = scored(model) ? [await confidence(model, clean), await confidence(model, adversarial)] : null;
  const out: Exhibit[] = [];
  for (const [k, index] of chosen.entries()) {
    const { label, predicted, adversarialPredicted, turnedBy, distance } = report.samples[index]!;
    const [a, b] = [row(clean, k), row(adversarial, k)];
    out.push({
      index,
      label,
      predicted,
      adversarialPredicted,
      turnedBy,
      distance: distance!,
      confidence: confidences && { clean: confidences[0]!(k, predicted), adversarial: confidences[1]!(k, adversarialPredicted) },
      pictures: images ? await pictures(a, b, model.inputShape, range) : null,
      changes: images ? [] : largestChanges(a, b),
    });
  }
  return out;
}

/** Turned samples, a class after the other. */
function varied({ samples }: AuditResult): number[] {
  const byClass = new Map<number, number[]>();
  for (const s of samples) if (s.turnedBy !== null) byClass.set(s.label, [...(byClass.get(s.label) ?? []), s.index]);
  const queues = [...byClass.entries()].sort((a, b) => a[0] - b[0]).map(([, list]) => list);
  const out: number[] = [];
  for (let turn = 0; out.length < SHOWN && queues.some((q) => q.length > turn); turn++)
    for (const q of queues) if (q[turn] !== undefined && out.length < SHOWN) out.push(q[turn]!);
  return out;
}

async function confidence(model: { scores(x: Tensor<"float32">): Promise<Tensor<"float32">>; output: string }, x: Tensor<"float32">) {
  const scores = await model.scores(x);
  return (i: number, c: number): number => {
    const z = row(scores, i);
    if (model.output === "probabilities") return z[c] ?? 0;
    const most = Math.max(...z);
    return Math.exp((z[c] ?? Number.NEGATIVE_INFINITY) - most) / z.reduce((s, v) => s + Math.exp(v - most), 0);
  };
}

/** PNGs of a sample, of what was added, and of what it became. */
export async function pictures(
  a: Float32Array,
  b: Float32Array,
  shape: readonly number[],
  range: readonly [number, number],
): Promise<[Uint8Array, Uint8Array, Uint8Array]> {
  const scale = Math.max(1, Math.ceil(SMALLEST / Math.max(shape[1]!, shape[2]!)));
  const one = (data: Float32Array): Tensor<"float32"> => ({ dtype: "float32", shape: [1, ...shape], data: new Float32Array(data) });
  const delta = b.map((v, j) => v - a[j]!);
  const most = delta.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return Promise.all([
    host.encodePng(imageGrid(one(a), { range, scale })),
    host.encodePng(signedGrid(one(delta), most, { scale })),
    host.encodePng(imageGrid(one(b), { range, scale })),
  ]);
}

function largestChanges(a: Float32Array, b: Float32Array): { feature: number; from: number; to: number }[] {
  return Array.from({ length: a.length }, (_, feature) => ({ feature, from: a[feature]!, to: b[feature]! }))
    .filter((c) => c.from !== c.to)
    .sort((p, q) => Math.abs(q.to - q.from) - Math.abs(p.to - p.from))
    .slice(0, 5);
}
