/** The table: every operator's rows. */
import type { Row } from "../row.ts";
import { activation } from "./activation.ts";
import { chains } from "./chains.ts";
import { comparison } from "./comparison.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { linear } from "./linear.ts";
import { movement } from "./movement.ts";
import { normalization } from "./normalization.ts";
import { pooling } from "./pooling.ts";
import { quantization } from "./quantization.ts";
import { ranking } from "./ranking.ts";
import { recurrent } from "./recurrent.ts";
import { reduction } from "./reduction.ts";
import { trigonometry } from "./trigonometry.ts";

export const rows: readonly Row[] = [
  ...elementwise,
  ...comparison,
  ...activation,
  ...normalization,
  ...linear,
  ...convolution,
  ...pooling,
  ...reduction,
  ...movement,
  ...indexing,
  ...ranking,
  ...trigonometry,
  ...recurrent,
  ...quantization,
  ...chains,
];
