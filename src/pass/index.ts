export * from "./build.ts";
export * from "./grad.ts";
export * from "./interval.ts";
