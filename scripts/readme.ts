/**
 * The derived parts of the prose: the README's table of where it runs, and docs/notes/commands.md from the commands
 * themselves. With --check, fails where a committed file differs. Also what the tests of the prose need: its code blocks.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ArgsDef } from "citty";
import { catalogue } from "../src/attack/index.ts";
import { commands, loadCommand } from "../src/cli/commands.ts";
import { examplesOf } from "../src/cli/options.ts";

export const ROOT = resolve(import.meta.dirname, "..");

export interface Fence {
  readonly lang: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** The fenced code blocks of a Markdown text. */
export function fences(markdown: string): Fence[] {
  const found: Fence[] = [];
  let open: { lang: string; from: number } | null = null;
  const lines = markdown.split("\n");
  for (const [i, line] of lines.entries()) {
    const mark = /^\s*```(\w*)/.exec(line);
    if (!mark) continue;
    if (open) found.push({ lang: open.lang, text: lines.slice(open.from, i).join("\n"), line: open.from + 1 });
    open = open ? null : { lang: mark[1]!, from: i + 1 };
  }
  return found;
}

/** The arguments of every `counterfoil` line in a shell block; comments and `npx` dropped. */
export const commandLines = (text: string): string[][] =>
  text
    .split("\n")
    .map((line) =>
      line
        .replace(/\s+#.*$/, "")
        .trim()
        .split(/\s+/),
    )
    .map((words) => (words[0] === "npx" ? words.slice(1) : words))
    .filter((words) => words[0] === "counterfoil")
    .map((words) => words.slice(1));

/** All Markdown files that people read. */
export const prose = (): string[] => [
  ...["README.md", "AGENTS.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".md"))
    .map((f) => `docs/${f}`),
];

/** Where it runs, and the test that says so; a test that is not there counts for nothing. */
const PLACES: readonly { readonly where: string; readonly how: string; readonly test: string | null; readonly proof: string }[] = [
  { where: "Node ≥ 20.19, native", how: "onnxruntime-node; the default", test: "test", proof: "every test" },
  {
    where: "Node, WebAssembly",
    how: "`--device wasm`, and where there is no native binary",
    test: "test/docs/runs-where.test.ts",
    proof: "gradients, training, an attack",
  },
  {
    where: "browsers, WebAssembly",
    how: "a bundler that knows export conditions",
    test: "test/docs/runs-where.test.ts",
    proof: "bundled, then run in Node; in no browser",
  },
  { where: "WebGPU", how: "`--device webgpu`", test: null, proof: "" },
  { where: "NVIDIA GPUs", how: "`--device cuda`, with CUDA's libraries beside onnxruntime-node", test: null, proof: "" },
];

const runsWhere = (): string =>
  [
    "| where | how | tested |",
    "|---|---|---|",
    ...PLACES.map(
      ({ where, how, test, proof }) => `| ${where} | ${how} | ${test && existsSync(join(ROOT, test)) ? proof : "not tested"} |`,
    ),
  ].join("\n");

/** The table of attacks, from what each says of itself. */
const NORMS = { linf: "L∞", l2: "L2", l1: "L1", l0: "L0" } as const;
function attacksTable(): string {
  const rows = Object.entries(catalogue).map(([name, { make, takes }]) => {
    const { access, kind, norms, targets } = make({});
    const options = takes.map((t) => `\`--${t.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}\``).join(" ");
    return `| \`${name}\` | ${kind} | ${access} | ${norms.map((n) => NORMS[n]).join(", ")} | ${targets ? "yes" : "–"} | ${options} |`;
  });
  return ["| attack | kind | needs | norms | targets | settings |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

const between = (text: string, mark: string, content: string): string =>
  text.replace(new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(<!-- /${mark} -->)`), (_, open, close) => `${open}${content}\n${close}`);

const optionRow = ([name, def]: [string, ArgsDef[string]]): string => {
  const alias = [(def as { alias?: string | string[] }).alias ?? []].flat().map((a) => `, \`-${a}\``);
  const title = def.type === "positional" ? `\`<${name}>\`` : `\`--${name}\`${alias.join("")}`;
  const value = def.default === undefined || def.default === false ? (def.required ? "required" : "") : `\`${def.default}\``;
  return `| ${title} | ${(def.description ?? "").replaceAll("|", "\\|")} | ${value} |`;
};

async function commandsPage(): Promise<string> {
  const parts = ["# Commands", "", "Generated from the commands themselves by `scripts/readme.ts`.", ""];
  parts.push(
    "Every command prints its progress and its result on stderr, and with `--json` exactly one JSON document on stdout. Exit codes: 0 fine;",
    "1 a gate that was asked for (`--fail-under`) failed; 2 the input is wrong, and one sentence says how; 3 a bug of ours; 130 you interrupted it. `--verbose` adds the",
    "stack trace. Ctrl-C during training saves the state first; `--resume` goes on from it.",
  );
  for (const name of Object.keys(commands)) {
    const command = await loadCommand(name);
    const meta = command.meta as { description?: string };
    const examples = examplesOf(command).split("\n").slice(1).map((l) => l.trim()).filter(Boolean); // biome-ignore format: one thought
    parts.push(
      "",
      `## ${name}`,
      "",
      meta.description ?? "",
      "",
      "```sh",
      ...examples,
      "```",
      "",
      "| option | what | default |",
      "|---|---|---|",
    );
    parts.push(...Object.entries(command.args as ArgsDef).map(optionRow));
  }
  return `${parts.join("\n")}\n`;
}

/** Each derived file as it should be. */
export async function derived(): Promise<Readonly<Record<string, string>>> {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  return {
    "README.md": between(readme, "runs", runsWhere()),
    "docs/attack.md": between(readFileSync(join(ROOT, "docs/attack.md"), "utf8"), "attacks", attacksTable()),
    "docs/notes/commands.md": await commandsPage(),
  };
}

if (process.argv[1]?.endsWith("readme.ts")) {
  for (const [file, text] of Object.entries(await derived())) {
    const path = join(ROOT, file);
    const same = existsSync(path) && readFileSync(path, "utf8") === text;
    if (!process.argv.includes("--check")) writeFileSync(path, text);
    else if (!same) {
      process.stderr.write(`${file} is not what the code says: run npx tsx --conditions=source scripts/readme.ts\n`);
      process.exitCode = 1;
    }
  }
}
