/** The command line: picks a command, runs it, turns errors into sentences and exit codes. */
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, defineCommand, parseArgs, renderUsage, runCommand } from "citty";
import { CounterfoilError, fail, isOutOfMemory } from "../base/index.ts";
import { commands, loadCommand } from "./commands.ts";
import { checkOptions, checkRest, examplesOf } from "./options.ts";
import { version } from "./version.ts";

const main = defineCommand({
  meta: {
    name: "counterfoil",
    version,
    description: "Forge, attack, harden and prove neural networks, on the ONNX files you already ship.",
  },
  subCommands: commands,
});

/** As shells say of what Ctrl-C ended. */
const INTERRUPTED = 130;

/** Help is coloured for terminals only. */
const print = (text: string): void => void process.stdout.write(process.stdout.isTTY ? text : stripVTControlCharacters(text));

async function dispatch(argv: readonly string[]): Promise<number> {
  const [name = "", ...given] = argv;
  let rest = given;
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (name === "" || name === "--help" || name === "-h") {
    print(`${await renderUsage(main)}\n`);
    return name === "" ? 2 : 0;
  }
  const command = await loadCommand(name);
  if (rest.includes("--help") || rest.includes("-h")) {
    print(`${await renderUsage(command, main)}\n${examplesOf(command)}`);
    return 0;
  }
  rest = resumed(rest, command.args as ArgsDef);
  checkOptions(command, rest);
  checkRest(command, parseArgs(rest, command.args as ArgsDef)._);
  const { result } = await runCommand(command, { rawArgs: rest });
  return typeof result === "number" ? result : 0;
}

/** `--resume` that names no folder goes on in that of `--out`, or in the one that is written to where nothing is said. */
function resumed(args: readonly string[], known: ArgsDef): string[] {
  const at = args.indexOf("--resume");
  const bare = at >= 0 && known.resume !== undefined && (args[at + 1] ?? "-").startsWith("-");
  if (!bare) return [...args];
  const outs = args.flatMap((a, i) => (a === "--out" ? (args[i + 1] ?? []) : a.startsWith("--out=") ? a.slice("--out=".length) : []));
  const folder = outs.at(-1) ?? (known.out?.default as string | undefined);
  return folder === undefined
    ? fail({ code: "option-resume", expected: "--resume DIR, or --out DIR --resume", got: "no folder", mend: "name the folder of the run" })
    : args.with(at, `--resume=${folder}`);
}

/** Whether what is done so far lies in a folder or a table, from which the same command goes on. */
const keeps = ([command = "", ...rest]: readonly string[]): boolean =>
  command === "audit" ||
  (/^(certify|radius)$/.test(command) && rest.some((a) => /^--out(=|$)/.test(a))) ||
  (command === "vnncomp" && rest.some((a) => /^--csv(=|$)/.test(a)));

/** What an error says to the user, and the exit code: 2 where they can mend it, 3 where we have to, 130 where they stopped it. */
function verdict(error: unknown, command: string, goesOn: boolean): { code: 2 | 3 | 130; sentence: string } {
  if (error instanceof CounterfoilError)
    return {
      code: error.code === "interrupted" ? INTERRUPTED : 2,
      sentence: `expected ${error.expected}, got ${error.got}; ${error.mend} [${error.code}]`,
    };
  if (error instanceof Error && error.name === "CLIError")
    return { code: 2, sentence: `${oneLine(error.message)}; see counterfoil ${command} --help` };
  if (error instanceof Error && error.name === "AbortError")
    return {
      code: INTERRUPTED,
      sentence: goesOn ? "interrupted; the same command goes on where it was" : "interrupted before it was done; run it again",
    };
  if (isOutOfMemory(error))
    return { code: 2, sentence: `expected memory enough for it, got none left (${(error as Error).message}); give it more, or less to do` };
  const what = oneLine(error instanceof Error ? error.message : String(error));
  return { code: 3, sentence: `this is our bug: ${what}; run again with --verbose and report what it prints` };
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ");

/** Runs the words after `counterfoil` to the exit code: 0 fine, 1 a gate failed, 2 the user's input, 3 ours, 130 interrupted. */
export async function run(words: readonly string[]): Promise<number> {
  const argv = words.filter((a) => a !== "--verbose");
  try {
    return await dispatch(argv);
  } catch (error) {
    const { code, sentence } = verdict(error, argv[0] ?? "", keeps(argv));
    process.stderr.write(`counterfoil: ${oneLine(sentence)}\n`);
    if (words.includes("--verbose") && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return code;
  }
}
