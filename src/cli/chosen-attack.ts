/** `--attack` and the settings that it takes. */
import type { ArgsDef } from "citty";
import { type Attack, catalogue, type Settings } from "../attack/index.ts";
import { fail } from "../base/index.ts";
import { choice, maybeNumber } from "./options.ts";

const SETTINGS: Readonly<Record<string, keyof Settings>> = {
  steps: "steps",
  "relative-step": "relativeStep",
  queries: "queries",
  confidence: "confidence",
};

export const attackArgs = {
  attack: { type: "string", description: Object.keys(catalogue).join(", "), default: "pgd" },
  norm: { type: "string", description: "linf, l2, l1 or l0 (default: the attack's first)" },
  steps: { type: "string", description: "iterations (default: the attack's own)" },
  "relative-step": { type: "string", description: "step length as a share of ε" },
  queries: { type: "string", description: "questions for each sample, of attacks that only ask" },
  confidence: { type: "string", description: "by how much the wrong class has to lead, of cw-l2, cw-linf, ead" },
} as const satisfies ArgsDef;

/** The attack that was named. Settings that it does not take are refused, not ignored. */
export function chosenAttack(args: Readonly<Record<string, unknown>>): Attack {
  const name = choice("attack", args.attack as string, Object.keys(catalogue));
  const { make, takes } = catalogue[name]!;
  const settings: { -readonly [K in keyof Settings]: Settings[K] } = {};
  for (const [option, setting] of Object.entries(SETTINGS)) {
    const text = args[option] as string | undefined;
    const taken = Object.keys(SETTINGS).filter((o) => takes.includes(SETTINGS[o]!));
    if (text !== undefined && !takes.includes(setting))
      fail({
        code: "option-attack",
        expected: `${name} with no settings${taken.length > 0 ? ` but ${taken.map((o) => `--${o}`).join(", ")}` : ""}`,
        got: `--${option}`,
        mend: "leave it out, or choose another attack",
      });
    settings[setting] = maybeNumber(option, text, setting === "steps" || setting === "queries" ? { least: 1, whole: true } : { above: 0 });
  }
  return make(settings);
}
