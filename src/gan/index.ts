export * from "./gan.ts";
export * from "./network/index.ts";
export * from "./objective/index.ts";
export type { Kept, Play } from "./play.ts";
export * from "./recipe.ts";
export * from "./regulariser/index.ts";
export * from "./sample.ts";
export * from "./step.ts";
export * from "./train.ts";
