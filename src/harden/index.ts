export type { Ball } from "./ball.ts";
export * from "./fgsm-rs.ts";
export * from "./ibp-training.ts";
export * from "./pgd-training.ts";
