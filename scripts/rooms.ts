/**
 * The law of the rooms: a room imports only rooms to its left (rooms.json), and files have no import cycles at run time.
 * Also: no file past 300 lines, no room or file without a name of its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const LAZY = /import\(\s*["'](\.[^"']+)["']\s*\)/g;
const NAMELESS = /(^|\/)(utils?|helpers?|common|types|misc)(\.ts|\/|$)/;
const LONGEST = 300;

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(folder, e.name)) : e.name.endsWith(".ts") ? [join(folder, e.name)] : [],
  );

const HOST: Readonly<Record<string, string>> = { "#ort": "run/ort.node.ts", "#host": "base/host.node.ts" };

function edgesOf(src: string, file: string): Edge[] {
  const text = readFileSync(file, "utf8");
  const from = relative(src, file);
  const to = (target: string) => HOST[target] ?? relative(src, resolve(dirname(file), target));
  const mine = [...text.matchAll(IMPORT)].filter(([, , target]) => target!.startsWith(".") || target! in HOST);
  return [
    ...mine.map(([line, type, target]) => ({
      from,
      to: to(target!),
      typeOnly: type !== undefined || /^\s*(import|export)\s*\{(\s*type\s[^,}]+,?)+\s*\}/.test(line),
    })),
    // a lazy import cannot make a cycle at load time, but it does cross rooms
    ...[...text.matchAll(LAZY)].map(([, target]) => ({ from, to: to(target!), typeOnly: true })),
  ];
}

/** Everything that is wrong with a source tree, one sentence each. */
export function faults(src: string, rooms: readonly string[]): string[] {
  const all = files(src);
  const edges = all.flatMap((f) => edgesOf(src, f));
  const room = (file: string) => (file.includes("/") ? file.split("/")[0]! : "");
  const found: string[] = [];
  for (const f of all.map((f) => relative(src, f))) {
    if (room(f) && !rooms.includes(room(f))) found.push(`${f}: no such room; rooms.json lists them`);
    if (NAMELESS.test(f)) found.push(`${f}: give it a name of its own`);
    const lines = readFileSync(join(src, f), "utf8").split("\n").length - 1;
    if (lines > LONGEST) found.push(`${f}: ${lines} lines; split it by idea (${LONGEST} at most)`);
  }
  for (const { from, to } of edges)
    if (room(from) && rooms.indexOf(room(to)) > rooms.indexOf(room(from)))
      found.push(`${from} imports ${to}: ${room(to)} lies to the right of ${room(from)}`);
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of edges) if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

if (process.argv[1]?.endsWith("rooms.ts")) {
  const src = resolve(import.meta.dirname, "../src");
  const rooms: string[] = JSON.parse(readFileSync(resolve(import.meta.dirname, "../rooms.json"), "utf8"));
  const found = faults(src, rooms);
  for (const fault of found) process.stderr.write(`${fault}\n`);
  process.stdout.write(
    found.length === 0
      ? `rooms: ${files(src).length} files in ${rooms.length} rooms, every arrow points left, no cycles\n`
      : `rooms: ${found.length} faults\n`,
  );
  process.exitCode = found.length === 0 ? 0 : 1;
}
