export * from "./blame.ts";
export * from "./evaluate.ts";
export * from "./fit.ts";
export * from "./loop.ts";
export * from "./noise.ts";
export * from "./step.ts";
