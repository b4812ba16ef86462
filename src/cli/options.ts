/** Options that commands share, and their checking. */
import type { ArgsDef, CommandDef } from "citty";
import { fail } from "../base/index.ts";
import { DEVICES, type Device, type RunOptions } from "../run/index.ts";

export const runArgs = {
  device: { type: "string", description: `where to run: ${DEVICES.join(", ")}`, default: "cpu" },
  threads: { type: "string", description: "threads (default: COUNTERFOIL_THREADS, or all cores)" },
  seed: { type: "string", description: "seed of everything random", default: "0" },
} as const satisfies ArgsDef;

export const jsonArg = {
  json: { type: "boolean", description: "print one JSON document on stdout", default: false },
} as const satisfies ArgsDef;

interface Limits {
  readonly least?: number;
  /** What it must be greater than. */
  readonly above?: number;
  readonly most?: number;
  /** What it must be less than. */
  readonly below?: number;
  readonly whole?: boolean;
}

const rangeText = ({ least, above, most, below }: Limits): string => {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  const parts = [
    least !== undefined && `≥ ${least}`,
    above !== undefined && `> ${above}`,
    most !== undefined && `≤ ${most}`,
    below !== undefined && `< ${below}`,
  ];
  return parts
    .filter(Boolean)
    .map((p) => ` ${p}`)
    .join(" and");
};

/** A number, or a quotient of two: 8/255. */
function fraction(text: string): number {
  const [above, below, ...more] = text.split("/");
  return more.length > 0 || below?.trim() === "" ? Number.NaN : Number(above) / (below === undefined ? 1 : Number(below));
}

/** The number behind an option, or a sentence on what it should have been. */
export function number(name: string, text: string | undefined, limits: Limits = {}): number {
  const { least = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole = false } = limits;
  const { below = Number.POSITIVE_INFINITY } = limits;
  const value = text === undefined || text.trim() === "" ? Number.NaN : fraction(text);
  if (!Number.isFinite(value) || value < least || value <= above || value > most || value >= below || (whole && !Number.isInteger(value)))
    fail({
      code: "option-number",
      expected: `--${name} to be a ${whole ? "whole " : ""}number${rangeText(limits)}`,
      got: `“${text ?? ""}”`,
      mend: `pass --${name} with such a number`,
    });
  return value;
}

/** The same where the option may be left out. */
export const maybeNumber = (name: string, text: string | undefined, limits: Limits = {}): number | undefined =>
  text === undefined ? undefined : number(name, text, limits);

/** LOW,HIGH: the least and the largest valid value of the data. */
export function rangeOf(text: string): [number, number] {
  const [low, high, ...rest] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (rest.length > 0 || !(low! < high!))
    fail({
      code: "option-range",
      expected: "--range LOW,HIGH with LOW < HIGH",
      got: `“${text}”`,
      mend: "pass the least and the largest valid value, as --range 0,255",
    });
  return [low!, high!];
}

/** Beyond what a float64 counts exactly, two seeds would be one. */
export const seedOf = (text: string | undefined): number => number("seed", text, { least: 0, most: Number.MAX_SAFE_INTEGER, whole: true });

/** One of a list of names. */
export function choice<T extends string>(name: string, text: string | undefined, among: readonly T[]): T {
  if (!among.includes(text as T))
    fail({
      code: "option-choice",
      expected: `--${name} to be one of ${among.join(", ")}`,
      got: `“${text ?? ""}”`,
      mend: "choose one of those",
    });
  return text as T;
}

export const runOptions = (args: { device: string; threads?: string }): RunOptions => ({
  device: choice<Device>("device", args.device, DEVICES),
  threads: maybeNumber("threads", args.threads, { least: 1, most: 1024, whole: true }),
});

// biome-ignore lint/suspicious/noExplicitAny: citty's own type for commands of differing arguments
type AnyCommand = CommandDef<any>;

/** Refuse options that the command does not have, and options without their value: what is misspelt must not be ignored, nor the next option taken for a value. */
export function checkOptions(command: AnyCommand, rawArgs: readonly string[]): void {
  const args = command.args as ArgsDef;
  const names = Object.keys(args).filter((k) => args[k]!.type !== "positional");
  const called = ([name, def]: [string, ArgsDef[string]]) => [name, ...[(def as { alias?: string | string[] }).alias ?? []].flat()];
  const options = Object.entries(args).filter(([, def]) => def.type !== "positional");
  const known = new Set(options.flatMap((option) => [...called(option), `no-${option[0]}`]));
  const valued = new Set(options.filter(([, def]) => def.type === "string").flatMap(called));
  for (const [i, raw] of rawArgs.entries()) {
    if (raw === "--") return;
    const found = /^--?([A-Za-z][\w-]*)/.exec(raw)?.[1];
    const next = rawArgs[i + 1];
    if (found && valued.has(found) && !raw.includes("=") && (next === undefined || /^--[A-Za-z]/.test(next)))
      fail({
        code: "option-value",
        expected: `a value after ${raw}`,
        got: next ?? "nothing",
        mend: `pass ${raw} VALUE, or ${raw}=VALUE where it begins with --`,
      });
    if (found && !known.has(found))
      fail({
        code: "option-unknown",
        expected: `an option of this command: ${names.map((k) => `--${k}`).join(" ")}`,
        got: raw,
        mend: `did you mean --${nearest(found, names)}?`,
      });
  }
}

/** Refuse words that no argument takes. `rest` is what the parser left over. */
export function checkRest(command: AnyCommand, rest: readonly string[]): void {
  const places = Object.values(command.args as ArgsDef).filter((d) => d.type === "positional").length;
  if (rest.length > places)
    fail({
      code: "option-extra",
      expected: places === 0 ? "options only" : places === 1 ? "one file" : `${places} words`,
      got: `also “${rest[places]}”`,
      mend: "leave it out, or put text with spaces in quotes",
    });
}

/** The name with the fewest letters in another order or missing. */
function nearest(word: string, names: readonly string[]): string {
  const score = (name: string) =>
    [...word].filter((c, i) => name[i] === c || name[i + 1] === c || name[i - 1] === c).length - Math.abs(name.length - word.length);
  return names.reduce((best, name) => (score(name) > score(best) ? name : best));
}

const examples = new WeakMap<object, readonly string[]>();

/** Attach examples to a command's help. */
export function withExamples<C extends AnyCommand>(command: C, lines: readonly string[]): C {
  examples.set(command, lines);
  return command;
}

export const examplesOf = (command: AnyCommand): string => `EXAMPLES\n${(examples.get(command) ?? []).map((l) => `  ${l}\n`).join("")}`;
