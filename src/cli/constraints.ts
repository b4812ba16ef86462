/** `--constraints FILE`: what an input may be, as JSON. */

import { z } from "zod";
import { host } from "#host";
import type { Constraints } from "../attack/index.ts";
import { fail } from "../base/index.ts";

const perFeature = z.union([z.number(), z.array(z.number())]);

const schema = z.strictObject({
  low: perFeature.optional(),
  high: perFeature.optional(),
  mask: z.array(z.number()).optional(),
  fixed: z.array(z.int().min(0)).optional(),
  step: perFeature.optional(),
  groups: z.array(z.array(z.int().min(0)).min(1)).optional(),
});

export async function constraintsOf(path: string | undefined): Promise<Constraints | undefined> {
  if (path === undefined) return undefined;
  const text = new TextDecoder().decode(await host.readFile(path));
  const refuse = (got: string, cause?: unknown): never =>
    fail({
      code: "constraints-format",
      expected: `JSON of constraints in ${path}: low, high, mask, fixed, step, groups`,
      got,
      mend: 'write it like {"low": 0, "high": [1, 120], "fixed": [3], "step": [0, 1], "groups": [[4, 5, 6]]}',
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return refuse(`“${text.slice(0, 40)}”`, cause);
  }
  const { success, data, error } = schema.safeParse(json);
  return success ? (data as Constraints) : refuse(error.issues.map((i) => [...i.path, i.message].join(": ")).join("; "), error);
}
