/** Learn before long work, not after it, that its result cannot be written. */
import { resolve } from "node:path";
import { host } from "#host";
import { fail } from "../base/index.ts";

/**
 * Refuse to write over what is read.
 * @throws option-out
 */
export function apart(out: string, ...inputs: readonly string[]): void {
  const same = inputs.find((path) => resolve(path) === resolve(out));
  if (same !== undefined)
    fail({ code: "option-out", expected: "an output beside what is read", got: `${out}, which is read`, mend: "choose another name" });
}

/** @throws file-is-folder, file-permission and others of the file system */
export async function writable(path: string): Promise<void> {
  if ((await host.kind(path)) === "directory")
    fail({ code: "file-is-folder", expected: "a file to write", got: `the folder ${path}`, mend: "name a file in it" });
  const probe = `${path}.probe`;
  await host.writeFile(probe, "");
  await host.remove(probe);
}
