/** What a camera, a screen or a network does to the inputs that were found: Kurakin's destruction rate. */
import { brightness, contrast, type Data, destruction, gaussianBlur, gaussianNoise, jpeg } from "../attack/index.ts";
import { take } from "../base/index.ts";
import type { LabelModel } from "../model/index.ts";
import type { CascadeResult } from "./cascade.ts";
import { isImage } from "./deployment.ts";
import type { AuditReport } from "./report.ts";

/** Turned samples that are transformed. */
const MOST = 200;

/** The transformations of the paper's §3.4, of the first turned samples. */
export async function destructionOf(
  model: LabelModel,
  { x, labels }: Data,
  result: CascadeResult,
  right: readonly boolean[],
  { seed, range }: { readonly seed: number; readonly range: readonly [number, number] },
): Promise<AuditReport["destruction"]> {
  if (!isImage(x.shape.slice(1))) return [];
  const turned = result.samples.filter((s) => right[s.index] && s.turnedBy !== null).map((s) => s.index);
  const some = turned.slice(0, MOST);
  if (some.length === 0) return [];
  const data = { x: take(x, some), labels: some.map((i) => labels[i]!) };
  const set = [brightness(), contrast(), gaussianBlur(), gaussianNoise(), jpeg()];
  const found = await destruction(model, data, take(result.adversarial, some), set, { draws: 1, seed, range });
  return found.map(({ transformation, considered, destroyed, rate }) => ({ transformation, turned: considered, destroyed, rate }));
}
