/** The commands, each loaded only when it is run. */
import type { CommandDef } from "citty";
import { fail } from "../base/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: citty's own type for commands of differing arguments
type AnyCommand = CommandDef<any>;

export const commands: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  demo: async () => (await import("./demo.ts")).default,
  train: async () => (await import("./train.ts")).default,
  audit: async () => (await import("./audit.ts")).default,
  attack: async () => (await import("./attack.ts")).default,
  harden: async () => (await import("./harden.ts")).default,
  verify: async () => (await import("./verify.ts")).default,
  "check-proof": async () => (await import("./check-proof.ts")).default,
  replay: async () => (await import("./replay.ts")).default,
  vnncomp: async () => (await import("./vnncomp.ts")).default,
  supports: async () => (await import("./supports.ts")).default,
  certify: async () => (await import("./certify.ts")).default,
  radius: async () => (await import("./radius.ts")).default,
  smooth: async () => (await import("./smooth.ts")).default,
  gan: async () => (await import("./gan.ts")).default,
  sample: async () => (await import("./sample.ts")).default,
  "gan-eval": async () => (await import("./gan-eval.ts")).default,
  transfer: async () => (await import("./transfer.ts")).default,
  grad: async () => (await import("./grad.ts")).default,
  inspect: async () => (await import("./inspect.ts")).default,
};

export async function loadCommand(name: string): Promise<AnyCommand> {
  const load = commands[name];
  if (!load)
    return fail({
      code: "command-unknown",
      expected: `one of ${Object.keys(commands).join(", ")}`,
      got: `“${name}”`,
      mend: "see counterfoil --help",
    });
  return load();
}
