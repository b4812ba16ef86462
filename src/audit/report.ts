/** What an audit says, as one versioned document. The schema is published (docs/audit.schema.json) and every report is checked against it. */
import { z } from "zod";

export const REPORT_VERSION = 1;

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const point = z.tuple([z.number(), share]);

const sample = z.object({
  index: count,
  label: count,
  predicted: z.int().min(-1).describe("on the clean input; -1: the scores are no numbers"),
  robust: z.boolean().describe("right when clean, and no stage turned it"),
  turnedBy: z.string().nullable().describe("the stage that turned it"),
  adversarialPredicted: z.int().min(-1),
  distance: z.number().min(0).nullable().describe("of the adversarial input, in the audit's norm; null where there is none"),
  forwards: count,
  backwards: count,
  certified: z.enum(["certified", "falsified", "unknown"]).nullable().describe("by a bound of the same ball; null: not asked"),
});

const stage = z.object({
  name: z.string(),
  recipe: z.string(),
  attacked: count,
  turned: count,
  robustAccuracy: share.describe("of all samples, after this stage"),
  forwards: count,
  backwards: count,
});

const verdict = z.object({
  check: z.string(),
  title: z.string(),
  status: z.enum(["pass", "fail", "not run"]),
  evidence: z.string(),
  mend: z.string().nullable(),
});

const carried = z.object({
  channel: z.string(),
  turned: count,
  survived: count.describe("still wrong after the channel"),
  destructionRate: share.nullable().describe("Kurakin et al. 2016, §3.1"),
  cleanAccuracy: share,
  robustAccuracy: share,
  withinEpsilon: share.nullable().describe("share of the turned inputs that are in the ball after the channel"),
});

const destroyed = z.object({ transformation: z.string(), turned: count, destroyed: count, rate: share.nullable() });

export const reportSchema = z.object({
  version: z.literal(REPORT_VERSION),
  tool: z.object({ name: z.literal("counterfoil"), version: z.string() }),
  model: z.object({
    path: z.string().nullable(),
    sha256: z.string().nullable(),
    access: z.enum(["labels", "scores", "logits", "gradient"]),
    classes: count,
    inputShape: z.array(count),
    output: z.enum(["logits", "probabilities"]).nullable(),
    preprocessing: z.record(z.string(), z.unknown()).nullable(),
    notes: z.array(z.string()),
  }),
  data: z.record(z.string(), z.union([z.string(), z.number()])),
  classNames: z.array(z.string()),
  threat: z.object({
    norm: z.enum(["linf", "l2", "l1", "l0"]),
    epsilon: z.number().min(0),
    range: z.tuple([z.number(), z.number()]),
    constrained: z.boolean().describe("whether features are fixed, whole or grouped besides"),
  }),
  ensemble: z.object({ name: z.string(), version: count, recipe: z.string() }),
  seed: count,
  runtime: z.string(),
  seconds: z.number().min(0),
  n: count,
  cleanAccuracy: share,
  robustAccuracy: share.describe("an upper bound: what no attack of the ensemble turned"),
  certifiedAccuracy: share.nullable().describe("a lower bound: proven for every input of the ball; null where not bounded"),
  certification: z.string().describe("how, or why not"),
  stages: z.array(stage),
  anytime: z.array(point).describe("[gradient evaluations a sample, robust accuracy]"),
  againstEpsilon: z.array(point).nullable().describe("[ε, accuracy under APGD-CE]"),
  deployment: z.array(carried),
  destruction: z.array(destroyed),
  transfer: z.object({ turned: count, asked: count, robustAccuracy: share }).nullable(),
  verdicts: z.array(verdict),
  samples: z.array(sample),
});

export type AuditReport = z.infer<typeof reportSchema>;

/** The schema that is published: JSON Schema, draft 2020-12. */
export const reportJsonSchema = (): object => z.toJSONSchema(reportSchema);
