export * from "./emit.ts";
export * from "./graph.ts";
export * from "./print.ts";
export * from "./walk.ts";
