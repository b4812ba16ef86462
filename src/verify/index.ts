export * from "./certify.ts";
export * from "./crown.ts";
export * from "./ibp.ts";
export * from "./smooth/index.ts";
