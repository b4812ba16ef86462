/** What the prose claims is run: code blocks with their outputs, command lines, links, and what is derived from code. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArgsDef } from "citty";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLines, derived, fences, prose, ROOT } from "../../scripts/readme.ts";
import { loadCommand } from "../../src/cli/commands.ts";
import { checkOptions } from "../../src/cli/options.ts";
import { runScripts } from "./script.ts";

const text = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const blocks = prose().flatMap((file) => fences(text(file)).map((fence) => ({ ...fence, at: `${file}:${fence.line}` })));

interface Expected {
  readonly text: string;
  /** `// ≈`: numbers may differ by 0.05, as training does from machine to machine. `// →`: to the letter. */
  readonly nearly: boolean;
}

const expectedOutput = (code: string): Expected[] =>
  [...code.matchAll(/\/\/ (→|≈) (.*)$/gm)].map(([, sign, line]) => ({ text: line!.trim(), nearly: sign === "≈" }));

const NUMBER = /-?\d+(\.\d+)?(e[+-]?\d+)?/g;

function compare(got: string, { text: wanted, nearly }: Expected): void {
  if (!nearly) {
    expect(got).toBe(wanted);
    return;
  }
  const [found, asked] = [got.match(NUMBER) ?? [], wanted.match(NUMBER) ?? []];
  expect(got.replace(NUMBER, "#")).toBe(wanted.replace(NUMBER, "#"));
  for (const [i, n] of found.entries()) expect(Math.abs(Number(n) - Number(asked[i])), `${got} ≈ ${wanted}`).toBeLessThanOrEqual(0.05);
}

// inside the package, so that `counterfoil` is what a user's import means
const folder = join(ROOT, "runs", `docs-${process.pid}`);
const scripts = blocks.filter((b) => b.lang === "ts").map((b, i) => ({ ...b, path: join(folder, `block-${i}.ts`) }));
mkdirSync(folder, { recursive: true });
for (const { path, text } of scripts) writeFileSync(path, `${text}\nexport {};\n`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("code blocks", () => {
  let printed: readonly string[] = [];
  beforeAll(async () => {
    printed = await runScripts(scripts.map((s) => s.path));
  });

  it.each(scripts.map((s, i) => ({ ...s, i })))("$at prints what it says", ({ text, i }) => {
    const expected = expectedOutput(text);
    const lines = printed[i]!.split("\n").filter((l) => l !== "");
    expect(lines, printed[i]).toHaveLength(expected.length);
    for (const [k, line] of lines.entries()) compare(line, expected[k]!);
  });

  it("have the types they claim", () => {
    const config = join(folder, "tsconfig.json");
    writeFileSync(
      config,
      JSON.stringify({ extends: "../../tsconfig.test.json", include: ["*.ts"], compilerOptions: { rootDir: "../.." } }),
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [tsc, "--noEmit", "--noUnusedLocals", "false", "-p", config], { encoding: "utf8" });
  });

  it("of the README are at most 18 lines", () => {
    const [first] = fences(text("README.md")).filter((f) => f.lang === "ts");
    expect(first!.text.split("\n").length).toBeLessThanOrEqual(18);
  });
});

describe("command lines", () => {
  const inline = prose().map((file) => ({
    at: file,
    text: [...text(file).matchAll(/`(counterfoil [^`\n]+)`/g)].map((m) => m[1]).join("\n"),
  }));
  const lines = [...blocks.filter((b) => b.lang === "sh"), ...inline].flatMap((b) =>
    commandLines(b.text).map((argv) => ({ at: b.at, argv, line: argv.join(" ") })),
  );
  it("are there", () => expect(lines.length).toBeGreaterThan(7));
  it.each(lines)("$at counterfoil $line", async ({ argv }) => {
    const [name, ...rest] = argv;
    const command = await loadCommand(name!);
    checkOptions(command, rest);
    for (const [option, def] of Object.entries(command.args as ArgsDef).filter(([, d]) => d.required)) {
      if (def.type === "positional") expect(rest[0], `${name} takes <${option}> first`).not.toMatch(/^-/);
      else {
        const short = [(def as { alias?: string | string[] }).alias ?? []].flat().map((a) => `-${a}`);
        expect(
          [`--${option}`, ...short].some((name) => rest.includes(name)),
          `${name} takes --${option}`,
        ).toBe(true);
      }
    }
  });

  const scriptsOf = (JSON.parse(text("package.json")) as { scripts: Record<string, string> }).scripts;
  it.each(blocks.filter((b) => b.lang === "sh"))("$at names scripts that exist", (block) => {
    for (const [, script] of block.text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scriptsOf)).toContain(script);
  });
});

describe("links", () => {
  const links = prose().flatMap((file) =>
    [...text(file).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, to]) => ({ file, to: to! })).filter(({ to }) => !/^[a-z]+:/.test(to)),
  );
  it.each(links)("$file → $to", ({ file, to }) => expect(existsSync(join(ROOT, dirname(file), to))).toBe(true));
});

describe("the prose", () => {
  it("has under 100 words before the first code of the README", () => {
    const words = text("README.md").split("```")[0]!.split(/\s+/).filter(Boolean);
    expect(words.length).toBeLessThan(100);
  });

  it("is derived where it can be: npx tsx --conditions=source scripts/readme.ts", async () => {
    for (const [file, wanted] of Object.entries(await derived())) expect(text(file), file).toBe(wanted);
  });

  it("knows every room, and no other", () => {
    const rooms = (JSON.parse(text("rooms.json")) as string[]).sort();
    for (const file of ["AGENTS.md", "docs/architecture.md"]) {
      const named = [...text(file).matchAll(/^\| `(\w+)\/` \|/gm)].map(([, room]) => room!);
      expect(named.sort(), file).toEqual(rooms);
    }
  });
});
