/** The words of an s-expression. Nothing separates them but parentheses, white space and comments, which run from ; to the end of the line. */
import { fail } from "../../base/index.ts";

/** A text and what to call it in errors. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

export interface Token {
  /** `brackets` are `[…]` in one, `string` is `"…"`; all else that is no parenthesis is an `atom`. */
  readonly kind: "(" | ")" | "atom" | "string" | "brackets";
  readonly text: string;
  /** Offset in the source. */
  readonly at: number;
}

const WORD = /\s+|;[^\n\r]*|[()]|"(?:[^"\\]|\\.)*"|\[[^\]()[;"]*\]|[^\s()[\]";]+/sy;

const kindOf = (first: string): Token["kind"] | null => {
  if (first === "(" || first === ")") return first;
  if (first === '"') return "string";
  if (first === "[") return "brackets";
  return first === ";" || /\s/.test(first) ? null : "atom";
};

/** @throws spec-syntax: a quote or bracket that does not end, or ends what was not begun */
export function* tokens(source: Source): Generator<Token> {
  const { text } = source;
  const word = new RegExp(WORD);
  for (let at = 0; at < text.length; at = word.lastIndex) {
    word.lastIndex = at;
    const found = word.exec(text)?.[0];
    if (found === undefined) {
      const got = `${text[at]} at ${place(source, at)}`;
      return fail({ code: "spec-syntax", expected: 'what opens with [ or " to close, and only that', got, mend: "balance it" });
    }
    const kind = kindOf(found[0]!);
    if (kind) yield { kind, text: found, at };
  }
}

/** "file:line:column", both counted from 1. */
export function place({ name, text }: Source, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|\n|\r/);
  return `${name}:${lines.length}:${lines.at(-1)!.length + 1}`;
}
