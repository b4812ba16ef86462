export * from "./build.ts";
export * from "./expand.ts";
export * from "./flow.ts";
export { type GradOptions, grad, gradOf, pullBack } from "./grad.ts";
export * from "./interval.ts";
export * from "./linear.ts";
