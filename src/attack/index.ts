export type { Attack, Batch, Threat } from "./attack.ts";
export { type Constraints, type Domain, domain, legalise } from "./domain.ts";
export * from "./fgsm.ts";
export * from "./judge.ts";
export * from "./loss.ts";
export { type Box, l0, l1, l2, linf, type Norm, type NormName, norms } from "./norm.ts";
export * from "./pgd.ts";
export type * from "./transform/transformation.ts";
export * from "./victim.ts";
