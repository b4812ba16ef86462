/** The law of the rooms, and that the package is what the rooms are. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { faults } from "../../scripts/rooms.ts";

const root = resolve(import.meta.dirname, "../..");
const rooms: string[] = JSON.parse(readFileSync(join(root, "rooms.json"), "utf8"));

function tree(files: Readonly<Record<string, string>>): string {
  const src = mkdtempSync(join(tmpdir(), "rooms-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(src, name)), { recursive: true });
    writeFileSync(join(src, name), text);
  }
  return src;
}

describe("what is wrong is said", () => {
  const rows: readonly [what: string, files: Readonly<Record<string, string>>, says: RegExp | null][] = [
    ["nothing", { "b/x.ts": 'import { y } from "../a/y.ts";', "a/y.ts": "export const y = 1;" }, null],
    [
      "an arrow to the right",
      { "a/x.ts": 'import { y } from "../b/y.ts";', "b/y.ts": "export const y = 1;" },
      /a\/x\.ts imports b\/y\.ts: b lies to the right of a/,
    ],
    ["also of types", { "a/x.ts": 'import type { Y } from "../b/y.ts";', "b/y.ts": "export type Y = 1;" }, /to the right/],
    ["also when lazy", { "a/x.ts": 'const y = import("../b/y.ts");', "b/y.ts": "export const y = 1;" }, /to the right/],
    ["also when re-exported", { "a/x.ts": 'export * from "../b/y.ts";', "b/y.ts": "export const y = 1;" }, /to the right/],
    [
      "a cycle",
      { "a/x.ts": 'import { y } from "./y.ts";\nexport const x = y;', "a/y.ts": 'import { x } from "./x.ts";\nexport const y = x;' },
      /import cycle: a\/\w\.ts → a\/\w\.ts → a\/\w\.ts/,
    ],
    [
      "no cycle of types",
      { "a/x.ts": 'import type { Y } from "./y.ts";', "a/y.ts": 'import { x } from "./x.ts";\nexport type Y = typeof x;' },
      null,
    ],
    ["a room that is not one", { "attic/x.ts": "export {};" }, /no such room/],
    ["a file without a name", { "a/utils.ts": "export {};" }, /a name of its own/],
    ["a file that is too long", { "a/x.ts": "// …\n".repeat(301) }, /301 lines/],
  ];
  test.each(rows)("%s", (_, files, says) => {
    const found = faults(tree(files), ["a", "b"]);
    if (says) expect(found.join("\n")).toMatch(says);
    else expect(found).toEqual([]);
  });
});

test("every room but the command line is an export of the package, and no other", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = Object.keys(exports)
    .filter((k) => k !== "." && k !== "./package.json")
    .map((k) => k.slice(2));
  expect(named.sort()).toEqual(rooms.filter((r) => r !== "cli").sort());
  const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((e) => e.isDirectory());
  expect(folders.map((e) => e.name).sort()).toEqual([...rooms].sort());
});

test.each(rooms.filter((r) => r !== "cli" && r !== "ops"))("the index of %s is a table of contents", (room) => {
  const lines = readFileSync(join(root, "src", room, "index.ts"), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .split(";");
  for (const line of lines.map((l) => l.trim()).filter(Boolean)) expect(line).toMatch(/^export (type )?(\*|\{)/);
});
