/** AttributeProto ⇄ plain attribute. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType as A, type AttributeProto, type AttributeProtoSchema } from "onnx-buf";
import type { Attr } from "../graph/index.ts";
import type { ExternalFiles } from "./external-read.ts";
import { decodeTensor, encodeTensor } from "./tensor.ts";

/** Attributes that ONNX types as float (opset 21), where a whole number may stand too. No operator uses these names for integers. */
const FLOATS = new Set([
  "alpha",
  "beta",
  "bias",
  "cubic_coeff_a",
  "epsilon",
  "extrapolation_value",
  "gamma",
  "lambd",
  "momentum",
  "value_float",
]);
const FLOAT_LISTS = new Set(["value_floats"]);

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const utf8 = (s: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(s);

/** Exporters write 2⁶³ − 1 for “to the end”. As a number that rounds up to 2⁶³, which wraps to −2⁶³ on the way back. */
const LARGEST = 2 ** 63 - 1024;
const whole = (i: bigint): number => Math.min(Number(i), LARGEST);

/** Files before IR 2 leave the type out: it is that of the field that is set. */
function typeOf(a: AttributeProto): A {
  if (a.type !== A.UNDEFINED) return a.type;
  if (a.t) return A.TENSOR;
  if (a.ints.length > 0) return A.INTS;
  if (a.floats.length > 0) return A.FLOATS;
  if (a.strings.length > 0) return A.STRINGS;
  if (a.s.length > 0) return A.STRING;
  return a.f !== 0 ? A.FLOAT : A.INT;
}

/** null: a subgraph, a sparse tensor, a type, or a list of them. */
export function decodeAttribute(a: AttributeProto, where: string, external: ExternalFiles): Attr | null {
  switch (typeOf(a)) {
    case A.FLOAT:
      return a.f;
    case A.INT:
      return whole(a.i);
    case A.STRING:
      return text(a.s);
    case A.TENSOR:
      return a.t ? decodeTensor(a.t, `attribute ${a.name} of ${where}`, external) : null;
    case A.FLOATS:
      return a.floats;
    case A.INTS:
      return a.ints.map(whole);
    case A.STRINGS:
      return a.strings.map(text);
    default:
      return null;
  }
}

export function encodeAttribute(name: string, value: Attr): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === "number")
    return FLOATS.has(name) || !Number.isInteger(value) ? { name, type: A.FLOAT, f: value } : { name, type: A.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: A.STRING, s: utf8(value) };
  if ("dtype" in value) return { name, type: A.TENSOR, t: encodeTensor(value) };
  if (typeof value[0] === "string") return { name, type: A.STRINGS, strings: (value as readonly string[]).map(utf8) };
  if (FLOAT_LISTS.has(name)) return { name, type: A.FLOATS, floats: [...(value as readonly number[])] };
  return { name, type: A.INTS, ints: (value as readonly number[]).map(BigInt) };
}
