export type { Node as ProofNode, Proof, Refutation } from "./proof.ts";
export { readProof } from "./proof.ts";
export * from "./proven.ts";
