/** Specifications from texts, for the tests beside this. */
import { gzipSync } from "node:zlib";
import { type Query, readSpecification, type SpecificationOptions } from "../../../src/verify/spec/index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

export const read = (text: string, options?: SpecificationOptions): Promise<Query> => readSpecification(bytes(text), "p.vnnlib", options);

export const readZipped = (text: string): Promise<Query> => readSpecification(gzipSync(bytes(text)), "p.vnnlib.gz");

/** Declarations of VNN-LIB 1.0, and assertions after them. */
export const version1 = (inputs: number, outputs: number, ...assertions: readonly string[]): string =>
  [
    ...Array.from({ length: inputs }, (_, i) => `(declare-const X_${i} Real)`),
    ...Array.from({ length: outputs }, (_, i) => `(declare-const Y_${i} Real)`),
    ...assertions.map((a) => `(assert ${a})`),
  ].join("\n");

/** −1 ≤ X_i ≤ 1 */
export const unitBox = (inputs: number): string[] => Array.from({ length: inputs }, (_, i) => `(<= -1 X_${i} 1)`);
