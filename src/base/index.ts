export * from "./dtype.ts";
export * from "./fail.ts";
export * from "./random.ts";
export * from "./shape.ts";
export * from "./tensor.ts";
