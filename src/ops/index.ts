/** The operator table: the records that the family files export, by their ONNX names. */
import * as blocks from "./blocks.ts";
import * as comparison from "./comparison.ts";
import * as constant from "./constant.ts";
import * as convolution from "./convolution.ts";
import * as einsum from "./einsum.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import * as indexingNd from "./indexing-nd.ts";
import * as linear from "./linear.ts";
import * as movement from "./movement.ts";
import * as normalization from "./normalization.ts";
import * as norms from "./norms.ts";
import type { Op, OpTable } from "./op.ts";
import * as pad from "./pad.ts";
import * as pooling from "./pooling.ts";
import * as powers from "./powers.ts";
import * as quantization from "./quantization.ts";
import * as ranking from "./ranking.ts";
import * as rectifiers from "./rectifiers.ts";
import * as recurrent from "./recurrent.ts";
import * as reduction from "./reduction.ts";
import * as reshaping from "./reshaping.ts";
import * as resize from "./resize.ts";
import * as running from "./running.ts";
import * as sampling from "./sampling.ts";
import * as sigmoids from "./sigmoids.ts";
import * as softmax from "./softmax.ts";
import * as specialValues from "./special-values.ts";
import * as stepsAndWaves from "./steps-and-waves.ts";
import * as trigonometry from "./trigonometry.ts";

const families = {
  ...elementwise,
  ...powers,
  ...stepsAndWaves,
  ...trigonometry,
  ...specialValues,
  ...comparison,
  ...rectifiers,
  ...sigmoids,
  ...softmax,
  ...normalization,
  ...norms,
  ...linear,
  ...convolution,
  ...pooling,
  ...resize,
  ...sampling,
  ...einsum,
  ...recurrent,
  ...quantization,
  ...reduction,
  ...reshaping,
  ...movement,
  ...pad,
  ...blocks,
  ...indexing,
  ...indexingNd,
  ...ranking,
  ...running,
  ...constant,
};

const isRecord = (x: unknown): x is Op => typeof x === "object" && x !== null && "infer" in x;

/** Families share a few rule-makers among themselves; the table is what is a record. */
export const ops: OpTable = Object.fromEntries(Object.entries(families).filter((entry): entry is [string, Op] => isRecord(entry[1])));

export * from "./op.ts";
