export * from "./smooth.ts";
export { type SmoothedOptions, smoothed } from "./smoothed.ts";
