/** The operator table: every exported record, by its ONNX name. Family files export records only. */
import * as linear from "./linear.ts";
import type { OpTable } from "./op.ts";

export const ops: OpTable = { ...linear };

export * from "./op.ts";
