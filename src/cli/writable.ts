/** Learn before long work, not after it, that its result cannot be written. */
import { host } from "#host";
import { fail } from "../base/index.ts";

/** @throws file-is-folder, file-permission and others of the file system */
export async function writable(path: string): Promise<void> {
  if ((await host.kind(path)) === "directory")
    fail({ code: "file-is-folder", expected: "a file to write", got: `the folder ${path}`, mend: "name a file in it" });
  const probe = `${path}.probe`;
  await host.writeFile(probe, "");
  await host.remove(probe);
}
