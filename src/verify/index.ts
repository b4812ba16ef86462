export * from "./certify.ts";
export * from "./crown.ts";
export * from "./ibp.ts";
export * as curves from "./net/curve/index.ts";
