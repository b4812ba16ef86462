export { decode, externalFiles } from "./decode.ts";
export type { ExternalFiles } from "./external-read.ts";
export type { Model, ModelInput, ModelNode } from "./model.ts";
export * from "./read.ts";
export * from "./write.ts";
