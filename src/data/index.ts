export * from "./dataset.ts";
export * from "./mnist.ts";
export * from "./source.ts";
export * from "./split.ts";
