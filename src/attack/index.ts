export type { Attack, Batch, Prepared, Threat, Victim } from "./attack.ts";
export * from "./classifier.ts";
export * from "./evaluate.ts";
export * from "./fgsm.ts";
export * from "./logits.ts";
export { l2, linf, type Norm, norms } from "./norm.ts";
export * from "./pgd.ts";
