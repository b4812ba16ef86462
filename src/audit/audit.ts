/** An audit: how a classifier holds against the strongest attacks we have, and the evidence that they were not fooled. */
import {
  type AttackOptions,
  apgdCe,
  attack,
  type Constraints,
  checkLabels,
  type Data,
  l2,
  linf,
  type Norm,
  refuseNaN,
} from "../attack/index.ts";
import { fail, type Tensor, take } from "../base/index.ts";
import { classOrder, type GradientModel, type LabelModel, nearChance, orderText, type ScoreModel } from "../model/index.ts";
import type { RunOptions } from "../run/index.ts";
import { type CascadeResult, cascade, type SampleRecord } from "./cascade.ts";
import { certified } from "./certified.ts";
import { differentiable, type Findings } from "./checks/check.ts";
import { verdicts } from "./checks/index.ts";
import { againstEpsilon, anytime } from "./curve.ts";
import { type Carried, carried, channels, passable, unchanged } from "./deployment.ts";
import { destructionOf } from "./destruction.ts";
import { type Ensemble, ensembleFor, PRESETS, type Preset } from "./ensemble.ts";
import { type AuditReport, REPORT_VERSION } from "./report.ts";
import { inMemory, type Units } from "./units.ts";

export interface AuditOptions extends RunOptions {
  /** Largest perturbation, in the data's units; default 8/255 of the range in L∞, 0.5 of it in L2. */
  readonly epsilon?: number;
  /** Default L∞. */
  readonly norm?: Norm;
  readonly preset?: Preset;
  /** Valid input values; default [0, 1]. */
  readonly range?: readonly [number, number];
  readonly constraints?: Constraints;
  readonly seed?: number;
  /** Samples attacked together, and saved together; default 128. */
  readonly batch?: number;
  /** Where finished work is kept; default in memory. `inFolder` makes an audit resumable. */
  readonly units?: Units;
  /** A second model whose adversarial inputs are tried on this one. */
  readonly transferFrom?: LabelModel;
  /** What else is asked about the inputs that were found: the same file on another device, a quantised form of it. */
  readonly variants?: readonly { readonly name: string; readonly model: LabelModel }[];
  /** For the report. */
  readonly about?: Partial<Pick<AuditReport, "data" | "classNames" | "tool">> & { readonly model?: Partial<AuditReport["model"]> };
  readonly signal?: AbortSignal;
  /** `left`: samples that still stand, where that is known. */
  readonly onProgress?: (what: string, done: number, total: number, left?: number) => void;
}

export interface AuditResult extends AuditReport {
  /** [n, …]: the worst input found for each sample, clean where none was. Not part of the document. */
  readonly adversarial: Tensor<"float32">;
}

/** Samples that checks and curves are made on. */
const PROBE = { checks: 64, curve: 200, deployment: 200 } as const;

const defaultEpsilon = (norm: Norm, [low, high]: readonly [number, number]): number =>
  norm === linf
    ? (8 / 255) * (high - low)
    : norm === l2
      ? 0.5 * (high - low)
      : fail({ code: "epsilon", expected: "ε ≥ 0", got: "none", mend: `pass --epsilon: there is no customary one in ${norm.name}` });

/** Accuracy so low that a guess would do as well: the model, the labels or the preprocessing is wrong, and an attack would prove nothing. */
function refuseChance(accuracy: number, classes: number, n: number, order: readonly number[] | null): void {
  if (nearChance(accuracy, classes, n))
    fail({
      code: order ? "audit-class-order" : "audit-chance",
      expected: "a clean accuracy that is better than guessing",
      got: `${(100 * accuracy).toFixed(1)} % of ${n} samples, where a guess among ${classes} classes gets ${(100 / classes).toFixed(1)} %`,
      mend: order
        ? `number the labels as the model does: it is right, but for label → class ${orderText(order)}`
        : "check that labels, the order of the classes and the model belong together, and the preprocessing (--mean, --std, --scale, --layout, --channels)",
    });
}

/**
 * Audit a classifier: clean accuracy, the cascade of attacks, curves, what survives deployment, bounds where they can be had, and the checks of it all.
 * Yields each sample as it is turned; returns the report.
 * @throws audit-chance where the clean accuracy is no better than guessing, audit-class-order where another order of the classes explains it, audit-empty without samples, epsilon, label-range, input-size, input-range, transfer-differs, run-differs
 */
export async function* auditEach(model: LabelModel, data: Data, options: AuditOptions = {}): AsyncGenerator<SampleRecord, AuditResult> {
  const start = performance.now();
  const { norm = linf, preset = "standard", range = [0, 1], seed = 0, units = inMemory(), onProgress = () => {} } = options;
  const n = data.x.shape[0]!;
  if (n === 0) fail({ code: "audit-empty", expected: "at least one labelled sample", got: "none", mend: "name data with samples" });
  const epsilon = options.epsilon ?? defaultEpsilon(norm, range);
  if (norm === linf && epsilon > range[1] - range[0])
    fail({
      code: "epsilon",
      expected: `ε within the data's range, at most ${range[1] - range[0]}`,
      got: `${epsilon}`,
      mend: "give ε in the units of the data: 8/255 where pixels are in [0, 1]",
    });
  checkLabels(data.labels, n, model.classes);
  const x = model.samples(data.x);
  const given: Data = { x, labels: data.labels };
  const run = {
    ...engine(options),
    norm,
    range,
    seed,
    batch: options.batch ?? 128,
    constraints: options.constraints,
    signal: options.signal,
  };
  if (options.transferFrom) checkSource(options.transferFrom, model);
  onProgress("clean accuracy", 0, n);
  const predicted = await model.labels(x);
  refuseNaN(predicted);
  const right = Array.from(predicted, (p, i) => p === data.labels[i]);
  const cleanAccuracy = right.filter(Boolean).length / n;
  const order = classOrder(predicted, data.labels, model.classes);
  refuseChance(cleanAccuracy, model.classes, n, order);

  const chosen: Ensemble = ensembleFor(model, preset);
  const result: CascadeResult = yield* cascade(model, given, {
    ...run,
    epsilon,
    ensemble: chosen,
    units,
    predicted,
    onProgress: (stage, done, total, left) => onProgress(stage, done, total, left),
  });
  const robust = result.samples.filter((s) => s.robust).length;
  const probe = part(given, pick(right, PROBE.checks));
  const curve = differentiable(model)
    ? await againstEpsilon(model, part(given, spaced(n, PROBE.curve)), epsilon, run, PRESETS[preset].steps / 2)
    : null;
  const deployment = await deployed(model, given, result, right, { ...options, range, norm, epsilon });
  const transferred = options.transferFrom ? await transferFrom(options.transferFrom, model, given, result, { ...run, epsilon }) : null;
  onProgress("bounds", 0, 1);
  const bounds = await certified(model, given, result, {
    ...run,
    epsilon,
    constrained: options.constraints !== undefined,
    onProgress: (done, total) => onProgress("bounds", done, total),
  });
  const findings: Findings = { model, probe, data: given, result, ensemble: chosen, norm, epsilon, range, curve, transferred, run };
  const found = await verdicts(findings, (done, total, title) => onProgress(`check: ${title}`, done, total));
  return {
    version: REPORT_VERSION,
    tool: options.about?.tool ?? { name: "counterfoil", version: "library" },
    model: {
      path: null,
      sha256: null,
      preprocessing: null,
      ...options.about?.model,
      access: model.access,
      classes: model.classes,
      inputShape: [...model.inputShape],
      output: (model as Partial<ScoreModel>).output ?? null,
      notes: [
        ...(options.about?.model?.notes ?? []),
        ...(model.notes ?? []),
        ...(model.why ? [model.why] : []),
        ...(order ? [`the model numbers the classes otherwise than the labels do: ${orderText(order)}`] : []),
      ],
    },
    data: options.about?.data ?? { n },
    classNames: options.about?.classNames ?? Array.from({ length: model.classes }, (_, k) => `${k}`),
    threat: { norm: norm.name, epsilon, range: [range[0], range[1]], constrained: options.constraints !== undefined },
    ensemble: { name: chosen.name, version: chosen.version, recipe: chosen.recipe },
    seed,
    runtime: model.runtime,
    seconds: (performance.now() - start) / 1000,
    n,
    cleanAccuracy,
    robustAccuracy: robust / n,
    certifiedAccuracy: bounds.accuracy,
    certification: bounds.how,
    stages: [...result.stages],
    anytime: anytime(result.samples).map(([a, b]) => [a, b]),
    againstEpsilon: curve?.map(([a, b]) => [a, b]) ?? null,
    deployment,
    destruction: await destructionOf(model, given, result, right, run),
    transfer: transferred,
    verdicts: found,
    samples: result.samples.map((s) => ({ ...s, certified: bounds.status.get(s.index) ?? null })),
    adversarial: result.adversarial,
  };
}

/** The same at once. */
export async function audit(model: LabelModel, data: Data, options: AuditOptions = {}): Promise<AuditResult> {
  const each = auditEach(model, data, options);
  for (;;) {
    const step = await each.next();
    if (step.done) return step.value;
  }
}

const engine = ({ device, threads, optimize }: RunOptions): RunOptions => ({
  ...(device && { device }),
  ...(threads && { threads }),
  ...(optimize && { optimize }),
});

const part = ({ x, labels }: Data, indices: readonly number[]): Data => ({ x: take(x, indices), labels: indices.map((i) => labels[i]!) });

/** `most` of 0…n−1, evenly. */
const spaced = (n: number, most: number): number[] =>
  Array.from({ length: Math.min(n, most) }, (_, k) => Math.floor((k * n) / Math.min(n, most)));

/** Up to `most` of the samples that are right when clean, evenly. */
function pick(right: readonly boolean[], most: number): number[] {
  const all = right.flatMap((ok, i) => (ok ? i : []));
  return spaced(all.length, most).map((k) => all[k]!);
}

async function deployed(
  model: LabelModel,
  { x, labels }: Data,
  result: CascadeResult,
  right: readonly boolean[],
  {
    range,
    norm,
    epsilon,
    signal,
    variants = [],
    onProgress = () => {},
  }: AuditOptions & { range: readonly [number, number]; norm: Norm; epsilon: number },
): Promise<Carried[]> {
  const some = spaced(x.shape[0]!, PROBE.deployment);
  const found = {
    x: take(x, some),
    adversarial: take(result.adversarial, some),
    labels: some.map((i) => labels[i]!),
    right: some.map((i) => right[i]!),
    turned: some.map((i) => result.samples[i]!.turnedBy !== null),
  };
  const ways = channels.filter((c) => passable(c, x.shape.slice(1))).map((channel) => ({ channel, on: model }));
  const all = [...ways, ...variants.map(({ name, model: on }) => ({ channel: unchanged(name), on }))];
  const out: Carried[] = [];
  for (const { channel, on } of all) {
    onProgress(`deployment: ${channel.name}`, out.length, all.length);
    out.push(await carried(on, found, channel, { range, distance: norm.distance, epsilon, signal }));
  }
  return out;
}

/** Inputs made on another model, tried on the samples that the cascade left and the other model has right. */
async function transferFrom(
  source: LabelModel,
  model: LabelModel,
  data: Data,
  result: CascadeResult,
  options: Omit<AttackOptions, "attack">,
): Promise<NonNullable<AuditReport["transfer"]>> {
  const left = result.samples.filter((s) => s.robust).map((s) => s.index);
  const n = result.samples.length;
  if (left.length === 0) return { turned: 0, asked: 0, robustAccuracy: 0 };
  const made = await attack(source as GradientModel, part(data, left), { ...options, attack: apgdCe({ steps: 50 }) });
  const answers = await model.labels(made.adversarial);
  const asked = made.samples.filter((s) => s.predicted === s.label).map((s) => s.index);
  const turned = asked.filter((k) => answers[k] !== data.labels[left[k]!]).length;
  return { turned, asked: asked.length, robustAccuracy: (left.length - turned) / n };
}

/** Said before the cascade, which takes long. */
function checkSource(source: LabelModel, model: LabelModel): void {
  const told = ({ inputShape, classes }: LabelModel) => `samples of [${inputShape}] and ${classes} classes`;
  if (told(source) !== told(model))
    fail({
      code: "transfer-differs",
      expected: `a second model that takes ${told(model)}, as the audited one does`,
      got: told(source),
      mend: "choose another model to transfer from, or declare its preprocessing in a JSON file beside it",
    });
  if (!differentiable(source))
    fail({
      code: "attack-access",
      expected: "a second model that gives gradients",
      got: `one that gives ${source.access}`,
      mend: "choose another model to transfer from",
    });
}
