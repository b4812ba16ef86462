/** Operators that are read as others: of newer opsets than we write, of other domains. Each is the same function from the table's own. */
import { classical } from "./classical.ts";
import { integer } from "./integer.ts";
import { microsoft } from "./microsoft.ts";
import { newer } from "./newer.ts";
import type { Rule } from "./upgrade.ts";

export const constructions: Readonly<Record<string, Rule>> = { ...newer, ...classical, ...integer, ...microsoft };
