/** Run a TypeScript file as a user does, in a process of its own. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** What it printed, without trailing space. Rejects where it fails, with its stderr. */
export async function runScript(path: string, cwd: string, flags: readonly string[] = []): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "--conditions=source", "--import", tsx, path], { cwd });
  return stdout.trimEnd();
}
