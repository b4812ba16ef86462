#!/usr/bin/env node
/** The command line: picks a command, runs it, turns errors into sentences and exit codes. */
import { defineCommand, renderUsage, runCommand } from "citty";
import { CounterfoilError } from "../base/index.ts";
import { commands, loadCommand } from "./commands.ts";
import { checkOptions, examplesOf } from "./options.ts";
import { version } from "./version.ts";

const main = defineCommand({
  meta: {
    name: "counterfoil",
    version,
    description: "Forge, attack, harden and prove neural networks, on the ONNX files you already ship.",
  },
  subCommands: commands,
});

/** 0 fine, 1 a gate failed, 2 the user's input, 3 ours. */
async function run(argv: string[]): Promise<number> {
  const [name = "", ...rest] = argv;
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (name === "" || name === "--help" || name === "-h") {
    process.stdout.write(`${await renderUsage(main)}\n`);
    return name === "" ? 2 : 0;
  }
  const command = await loadCommand(name);
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(`${await renderUsage(command, main)}\n${examplesOf(command)}`);
    return 0;
  }
  checkOptions(command, rest);
  const { result } = await runCommand(command, { rawArgs: rest });
  return typeof result === "number" ? result : 0;
}

const verbose = process.argv.includes("--verbose");
const argv = process.argv.slice(2).filter((a) => a !== "--verbose");

try {
  process.exitCode = await run(argv);
} catch (error) {
  const mine = error instanceof CounterfoilError;
  const usage = error instanceof Error && error.name === "CLIError";
  if (mine) process.stderr.write(`counterfoil: expected ${error.expected}, got ${error.got}; ${error.mend} [${error.code}]\n`);
  // Ctrl-C in work that keeps no state
  else if (error instanceof Error && error.name === "AbortError") process.stderr.write("counterfoil: interrupted\n");
  else if (usage) process.stderr.write(`counterfoil: ${error.message}; see counterfoil ${argv[0] ?? ""} --help\n`);
  else
    process.stderr.write(
      `counterfoil: this is our bug: ${error instanceof Error ? error.message : String(error)}; run again with --verbose and report what it prints\n`,
    );
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = mine || usage || (error instanceof Error && error.name === "AbortError") ? 2 : 3;
}
