/** Learn before long work, not after it, that its result cannot be written. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { host } from "#host";
import { fail } from "../base/index.ts";

/** Where a path leads, through links; what is not there yet leads nowhere else. */
const place = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/**
 * Refuse to write over what is read.
 * @throws option-out
 */
export async function apart(out: string, ...inputs: readonly string[]): Promise<void> {
  const [own, ...places] = await Promise.all([out, ...inputs].map(place));
  const same = inputs.find((_, i) => places[i] === own);
  if (same !== undefined)
    fail({ code: "option-out", expected: "an output beside what is read", got: `${out}, which is read`, mend: "choose another name" });
}

/** @throws option-out where the path is empty, file-is-folder, file-permission and others of the file system */
export async function writable(path: string): Promise<void> {
  if (path === "") fail({ code: "option-out", expected: "a file to write", got: "an empty name", mend: "name one" });
  if ((await host.kind(path)) === "directory")
    fail({ code: "file-is-folder", expected: "a file to write", got: `the folder ${path}`, mend: "name a file in it" });
  // a name that nobody has
  const probe = `${path}.${process.pid}.probe`;
  await host.writeFile(probe, "");
  await host.remove(probe);
}
