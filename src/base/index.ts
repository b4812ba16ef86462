export * from "./dtype.ts";
export * from "./fail.ts";
export * from "./float16.ts";
export type { Host, Pixels } from "./host.ts";
export * from "./random.ts";
export * from "./sha256.ts";
export * from "./shape.ts";
export * from "./tensor.ts";
