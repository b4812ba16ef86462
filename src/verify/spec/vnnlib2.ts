/**
 * VNN-LIB 2.x: a network is declared with the shapes of its inputs and outputs, and assertions speak of their elements, X[0,2].
 * VNN-LIB standard, chapter “Query language” (github.com/VNNLIB/VNNLIB-Standard, April 2026).
 */
import { fail, type Shape, size } from "../../base/index.ts";
import { assertion } from "./assertion.ts";
import type { Formula } from "./formula.ts";
import type { Scope } from "./linear.ts";
import { elementName, elements, type Query, type Variable } from "./query.ts";
import { regionsOf } from "./regions.ts";
import { type Atom, head, type List, refuse, type Sexpr } from "./sexpr.ts";

/** Element types whose values are numbers on a line: boxes of integers would have gaps. */
const TYPES = ["Real", "real", "float64", "float32", "float16", "bfloat16"];

const VERSION = /^<2\.\d+>$/;
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

const SIDES = { "declare-input": "inputs", "declare-hidden": "hidden", "declare-output": "outputs" } as const;

type Network = { readonly name: string } & Readonly<Record<(typeof SIDES)[keyof typeof SIDES], Variable[]>>;

/**
 * @param forms all that stands in the file
 * @param file its name, for errors
 * @param number reads a constant
 * @throws spec-version, spec-declaration, spec-network, spec-hidden, spec-name, spec-operator, spec-nonlinear, spec-unbounded, spec-disjuncts
 */
export function vnnlib2(forms: readonly Sexpr[], file: string, number: Scope["number"]): Query {
  const version = versionOf(forms[0], file);
  let network: Network | null = null;
  const all: Formula[] = [];
  for (const form of forms.slice(1)) {
    const word = form.kind === "list" ? head(form) : null;
    if (form.kind === "list" && word === "declare-network") {
      if (network) refuse(form, "spec-network", "one network", JOIN, `a second, ${label(form)}, beside ${network.name},`);
      network = networkOf(form);
    } else if (form.kind === "list" && word === "assert" && form.items.length === 2) {
      const variable = variablesOf(network ?? refuse(form, "spec-network", "a network declared before this", "move it up"));
      all.push(assertion(form.items[1]!, { number, variable }));
    } else refuse(form, "spec-operator", "(declare-network …) or (assert CONSTRAINT)", "see the VNN-LIB standard for the format");
  }
  if (!network)
    return fail({ code: "spec-network", expected: "a network", got: `none in ${file}`, mend: "declare it with (declare-network …)" });
  const { name, inputs, outputs } = network;
  const regions = regionsOf({ all }, elements(inputs), (i) => elementName(inputs, i), file);
  return {
    format: `vnnlib ${version}`,
    network: name,
    inputs,
    outputs,
    specification: { inputs: elements(inputs), outputs: elements(outputs), regions },
  };
}

const JOIN = "join the networks in one ONNX file with the inputs and outputs of all, and declare that";

const label = ({ items: [, name] }: List): string => (name?.kind === "atom" ? name.text : "without a name");

function versionOf(first: Sexpr | undefined, file: string): string {
  const [, version] = first?.kind === "list" && head(first) === "vnnlib-version" ? first.items : [];
  if (version?.kind === "atom" && VERSION.test(version.text)) return version.text.slice(1, -1);
  const [expected, mend] = ["(vnnlib-version <2.0>) at the beginning, or another 2.x", "state the version that the file is written in"];
  return first ? refuse(first, "spec-version", expected, mend) : fail({ code: "spec-version", expected, got: `nothing in ${file}`, mend });
}

function networkOf(form: List): Network {
  const [, name, ...parts] = form.items;
  if (name?.kind !== "atom" || name.brackets) return refuse(form, "spec-declaration", "a name after declare-network", "give it one");
  const network: Network = { name: name.text, inputs: [], hidden: [], outputs: [] };
  const taken = new Set<string>([name.text]);
  for (const part of parts) {
    const word = head(part);
    if (part.kind !== "list" || word === null || !Object.hasOwn(SIDES, word)) {
      if (word === "equal-to" || word === "isomorphic-to") refuse(part, "spec-network", "one network, equal to no other", JOIN);
      return refuse(part, "spec-declaration", `one of ${Object.keys(SIDES).join(", ")} in a network`, "correct it");
    }
    const variable = variableOf(part, word);
    if (taken.has(variable.name)) refuse(part, "spec-declaration", "a name that nothing else has", "call it otherwise");
    taken.add(variable.name);
    network[SIDES[word as keyof typeof SIDES]].push(variable);
  }
  for (const side of ["inputs", "outputs"] as const)
    if (network[side].length === 0) refuse(form, "spec-declaration", `${side} of network ${name.text}`, "declare at least one", "none");
  return network;
}

function variableOf(form: List, word: string): Variable {
  const [, name, type, ...rest] = form.items;
  const pattern = `(${word} NAME TYPE [SHAPE]${word === "declare-hidden" ? ' "NODE"' : ""})`;
  if (name?.kind !== "atom" || !NAME.test(name.text) || name.brackets || type?.kind !== "atom" || !type.brackets)
    return refuse(form, "spec-declaration", pattern, "correct it; the shape of a scalar is []");
  const [extra] = rest;
  if (extra?.kind === "atom" && extra.text === "initialized")
    refuse(form, "spec-declaration", "inputs that are given in the file", `leave “initialized” out and assert what ${name.text} is`);
  if (extra && word !== "declare-hidden")
    refuse(extra, "spec-declaration", pattern, "leave it out: inputs and outputs are told by their order in the ONNX file");
  if (!TYPES.includes(type.text))
    refuse(form, "spec-declaration", `elements of one of the types ${TYPES.join(", ")}`, "state the property over real numbers");
  if (type.brackets.includes(0)) refuse(form, "spec-declaration", "a shape of whole numbers ≥ 1", "correct it");
  return { name: name.text, type: type.text, shape: type.brackets };
}

/** Elements of the inputs are counted through one input after the other, and so are the outputs'. */
function variablesOf(network: Network): Scope["variable"] {
  return (atom) => {
    for (const side of ["inputs", "outputs"] as const) {
      let start = 0;
      for (const { name, shape } of network[side]) {
        if (name === atom.text) return { side, index: start + flat(atom, shape) };
        start += size(shape);
      }
    }
    if (network.hidden.some(({ name }) => name === atom.text))
      refuse(atom, "spec-hidden", "constraints on inputs and outputs only", "make the hidden node an output of the ONNX file");
    return refuse(atom, "spec-name", `a variable of network ${network.name}`, "declare it in the network");
  };
}

function flat(atom: Atom, shape: Shape): number {
  const at = atom.brackets ?? [];
  if (at.length !== shape.length || at.some((i, axis) => i >= shape[axis]!))
    refuse(atom, "spec-name", `an element of ${atom.text} of shape [${shape}], counted from 0`, "correct the indices");
  return at.reduce((index, i, axis) => index * shape[axis]! + i, 0);
}
