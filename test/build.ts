/** Builds `dist/`, which the tests of the command line and of the package run, unless it is newer than every source. */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const changed = (path: string): number => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

export default function build(): void {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map((f) => `src/${f}`);
  const built = changed("dist/cli/main.js");
  if ([...sources, "package.json", "tsconfig.json", "tsconfig.node.json"].every((f) => changed(f) < built)) return;
  const { status, stdout, stderr } = spawnSync("npm", ["run", "build"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}${stderr}`);
}
