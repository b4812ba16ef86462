export * from "./certify.ts";
export * as curves from "./net/curve/index.ts";
export { Prover } from "./prover.ts";
export { type Replayed, type Replayer, replayer } from "./replay.ts";
export { type DecideOptions, type Decision, decide, type SearchProgress } from "./search/decide.ts";
export * from "./smooth/index.ts";
export * from "./spec/index.ts";
export * from "./verdicts.ts";
export * from "./verify.ts";
