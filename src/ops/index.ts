/** The operator table: the records that the family files export, by their ONNX names. */
import * as blocks from "./blocks.ts";
import * as comparison from "./comparison.ts";
import * as constant from "./constant.ts";
import * as convolution from "./convolution.ts";
import * as einsum from "./einsum.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import * as linear from "./linear.ts";
import * as movement from "./movement.ts";
import * as normalization from "./normalization.ts";
import type { Op, OpTable } from "./op.ts";
import * as pad from "./pad.ts";
import * as pooling from "./pooling.ts";
import * as powers from "./powers.ts";
import * as rectifiers from "./rectifiers.ts";
import * as reduction from "./reduction.ts";
import * as reshaping from "./reshaping.ts";
import * as resize from "./resize.ts";
import * as sigmoids from "./sigmoids.ts";
import * as softmax from "./softmax.ts";
import * as stepsAndWaves from "./steps-and-waves.ts";

const families = {
  ...elementwise,
  ...powers,
  ...stepsAndWaves,
  ...comparison,
  ...rectifiers,
  ...sigmoids,
  ...softmax,
  ...normalization,
  ...linear,
  ...convolution,
  ...pooling,
  ...resize,
  ...einsum,
  ...reduction,
  ...reshaping,
  ...movement,
  ...pad,
  ...blocks,
  ...indexing,
  ...constant,
};

const isRecord = (x: unknown): x is Op => typeof x === "object" && x !== null && "infer" in x;

/** Families share a few rule-makers among themselves; the table is what is a record. */
export const ops: OpTable = Object.fromEntries(Object.entries(families).filter((entry): entry is [string, Op] => isRecord(entry[1])));

export * from "./op.ts";
