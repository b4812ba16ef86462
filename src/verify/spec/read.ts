/** A file of specification, of whichever kind: VNN-LIB 1.0, VNN-LIB 2.x or our JSON, gzipped or not. */
import { fail } from "../../base/index.ts";
import type { Query } from "./query.ts";
import { fromNumber, parse, type Rational } from "./rational.ts";
import { requirement } from "./requirement.ts";
import { toFloat64 } from "./rounding.ts";
import { head, parseSexprs } from "./sexpr.ts";
import { vnnlib1 } from "./vnnlib1.ts";
import { vnnlib2 } from "./vnnlib2.ts";

/** Versions of VNN-LIB that are read. */
export const VNNLIB_VERSIONS = ["1.0", "2.0"] as const;

export interface SpecificationOptions {
  /** How many outputs the network has, for JSON that does not say it; asked for JSON only, where it has to be found out. */
  readonly outputs?: number | (() => number);
  /**
   * What a decimal in VNN-LIB stands for: itself (`exact`, the default, and what the standard says), or the float64 nearest to it, as
   * the competition's own scripts have it. They differ by less than 2⁻⁵³ of it, yet a float32 on a face of the box, printed with
   * 16 digits, may lie outside of what those digits say exactly. What is proven on the enclosure of the one box is proven on the
   * other; a float64 counterexample in the exact box is in the other.
   */
  readonly decimals?: "exact" | "float64";
}

/**
 * Read a specification. Which format it is in shows in its text, not in its name.
 * @param name of the file, for errors
 * @throws spec-syntax, spec-gzip, requirement (of JSON), and what {@link vnnlib1} and {@link vnnlib2} throw
 */
export async function readSpecification(
  bytes: Uint8Array,
  name: string,
  { outputs, decimals = "exact" }: SpecificationOptions = {},
): Promise<Query> {
  const text = new TextDecoder().decode(await unpacked(bytes, name));
  if (/^\s*\{/.test(text)) return readRequirement(text, name, typeof outputs === "function" ? outputs() : outputs);
  const forms = parseSexprs({ name, text });
  const isSecond = forms.some((form) => ["vnnlib-version", "declare-network"].includes(head(form) ?? ""));
  return (isSecond ? vnnlib2 : vnnlib1)(forms, name, decimals === "exact" ? parse : nearest);
}

function nearest(word: string): Rational | null {
  const r = parse(word);
  const x = r && toFloat64(r);
  // what no float64 holds stays what it is
  return x === null || !Number.isFinite(x) ? r : fromNumber(x);
}

/** The bytes, gunzipped where they are gzipped. RFC 1952, §2.3.1: they begin with 1f 8b. */
async function unpacked(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : `${cause}`;
    return fail({ code: "spec-gzip", expected: `a whole gzip file in ${name}`, got, mend: "fetch the file again", cause });
  }
}

function readRequirement(text: string, name: string, outputs: number | undefined): Query {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : `${cause}`;
    return fail({ code: "requirement", expected: `JSON in ${name}`, got, mend: "correct the file", cause });
  }
  const specification = requirement(json, name, outputs);
  return {
    format: "json",
    network: null,
    inputs: [{ name: "x", type: "Real", shape: [specification.inputs] }],
    outputs: [{ name: "y", type: "Real", shape: [specification.outputs] }],
    specification,
  };
}
