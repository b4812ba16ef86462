export * from "./curve.ts";
export * from "./exponentials.ts";
export * from "./gates.ts";
export * from "./lines.ts";
export * from "./powers.ts";
export * from "./sigmoids.ts";
export * from "./waves.ts";
