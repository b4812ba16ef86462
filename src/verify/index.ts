export * from "./certify.ts";
export * from "./crown.ts";
export * from "./ibp.ts";
