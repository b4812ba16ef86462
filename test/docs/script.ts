/** Run TypeScript files as a user does, in a process of their own. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

async function node(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", "--import", tsx, ...args], { cwd });
  return stdout.trimEnd();
}

/** What it printed, without trailing space. Rejects where it fails, with its stderr. */
export const runScript = (path: string, cwd: string, flags: readonly string[] = []): Promise<string> => node([...flags, path], cwd);

const MARK = "\u001e";

/** What each of several printed, or why it failed: one after the other in one process, each in a new folder. */
export async function runScripts(paths: readonly string[]): Promise<string[]> {
  const all = `
import { mkdtempSync, rmSync } from "node:fs";
for (const href of ${JSON.stringify(paths.map((p) => pathToFileURL(p).href))}) {
  const folder = mkdtempSync(${JSON.stringify(join(tmpdir(), "counterfoil-docs-"))});
  process.chdir(folder);
  console.log(${JSON.stringify(MARK)});
  await import(href).catch(console.log);
  process.chdir("..");
  rmSync(folder, { recursive: true });
}`;
  return (await node(["--input-type=module", "--eval", all], tmpdir())).split(`${MARK}\n`).slice(1);
}
