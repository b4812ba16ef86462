/** S-expressions that know where they stand, so that whatever is wrong with one is said with its line and column. */
import { fail } from "../../base/index.ts";
import { place, type Source, type Token, tokens } from "./tokens.ts";

interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export interface Atom extends Span {
  readonly kind: "atom";
  readonly text: string;
  /** Of `X[0,2]`, or the shape in `X Real [1,5]`: brackets belong to the name before them. null without. */
  readonly brackets: readonly number[] | null;
}

export interface Quoted extends Span {
  readonly kind: "string";
  /** With its quotes. */
  readonly text: string;
}

export interface List extends Span {
  readonly kind: "list";
  readonly items: readonly Sexpr[];
}

export type Sexpr = Atom | Quoted | List;

/** What recursion over a formula can bear. */
const DEEPEST = 500;

/**
 * Everything that stands in the source, in order.
 * @throws spec-syntax with the place
 */
export function parseSexprs(source: Source): readonly Sexpr[] {
  const top: Sexpr[] = [];
  const open: { readonly start: number; readonly items: Sexpr[] }[] = [];
  const wrong = (expected: string, at: number, got: string, mend: string): never =>
    fail({ code: "spec-syntax", expected, got: `${got} at ${place(source, at)}`, mend });
  for (const token of tokens(source)) {
    const { kind, text, at: start } = token;
    const end = start + text.length;
    const items = open.at(-1)?.items ?? top;
    if (kind === "atom") items.push({ kind, text, brackets: null, source, start, end });
    else if (kind === "string") items.push({ kind, text, source, start, end });
    else if (kind === "(") {
      if (open.length === DEEPEST) wrong(`parentheses nested at most ${DEEPEST} deep`, start, "one more", "flatten the formula");
      open.push({ start, items: [] });
    } else if (kind === ")") {
      const list = open.pop() ?? wrong("a ( before every )", start, ")", "delete it, or open what it closes");
      (open.at(-1)?.items ?? top).push({ kind: "list", items: list.items, source, start: list.start, end });
    } else {
      const name = items.at(-1);
      if (name?.kind !== "atom" || name.brackets) return wrong("a name before [", start, text, "write it like X[0,2]");
      items[items.length - 1] = { ...name, brackets: whole(token, wrong), end };
    }
  }
  const unclosed = open.at(-1);
  if (unclosed) wrong("a ) for every (", unclosed.start, "one without", "close it");
  return top;
}

type Wrong = (expected: string, at: number, got: string, mend: string) => never;

function whole({ text, at }: Token, wrong: Wrong): number[] {
  const inside = text.slice(1, -1).trim();
  const parts = inside === "" ? [] : inside.split(",").map((part) => part.trim());
  if (!parts.every((part) => /^\d+$/.test(part))) wrong("whole numbers with commas between them", at, text, "write it like [1,5]");
  return parts.map(Number);
}

const LONGEST = 60;

/** An expression as it stands in the source, on one line, shortened. */
export function shown({ source, start, end }: Sexpr): string {
  const text = source.text.slice(start, Math.min(end, start + 10 * LONGEST)).replace(/\s+/g, " ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** Refuse an expression, by what it says (or by `got`) and where it stands. */
export const refuse = (node: Sexpr, code: string, expected: string, mend: string, got = shown(node)): never =>
  fail({ code, expected, got: `${got} at ${place(node.source, node.start)}`, mend });

/** The word that a list begins with; null for what is no list, or begins with none. */
export function head(node: Sexpr): string | null {
  const first = node.kind === "list" ? node.items[0] : undefined;
  return first?.kind === "atom" ? first.text : null;
}
