/** The table: every operator's rows. */
import type { Row } from "../row.ts";
import { activation } from "./activation.ts";
import { comparison } from "./comparison.ts";
import { elementwise } from "./elementwise.ts";
import { linear } from "./linear.ts";
import { normalization } from "./normalization.ts";

export const rows: readonly Row[] = [...elementwise, ...comparison, ...activation, ...normalization, ...linear];
