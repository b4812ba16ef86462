export * from "./certify.ts";
export * as curves from "./net/curve/index.ts";
export { READ as operatorsRead } from "./net/read.ts";
export * from "./proof/index.ts";
export { Prover } from "./prover.ts";
export * from "./radius.ts";
export { INPUT_TYPES, type Replayed, type Replayer, replayer } from "./replay.ts";
