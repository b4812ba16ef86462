/** Which search suits a network: few inputs are split themselves, of many the rectifiers are. */
import { Backward } from "../bound/backward.ts";
import type { Clock } from "../clock.ts";
import { native } from "../net/products.ts";
import type { Goal } from "./goal.ts";
import { InputSplit } from "./input-split.ts";
import { RectifierSplit } from "./rectifier-split.ts";
import type { Part, Search } from "./search.ts";

export interface Plan {
  readonly split: "input" | "rectifier";
  /** What will be done, for people. */
  readonly words: string;
}

/** Up to so many inputs their box is split: each split halves it, whatever the network. */
const FEW = 20;

const several = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

export function planFor({ network }: Goal, split?: Plan["split"]): Plan {
  const inputs = network.vertices[0]!.size;
  const bends = network.vertices.reduce((n, v) => n + (v.kind === "rectifier" ? v.size : 0), 0);
  const chosen = split ?? (inputs <= FEW || bends === 0 ? "input" : "rectifier");
  return {
    split: chosen,
    words: chosen === "input" ? `splits of the ${several(inputs, "input")}` : `splits at ${several(bends, "rectifier")}`,
  };
}

export function searchFor(goal: Goal, { split }: Plan, clock: Clock): Search<Part> {
  const back = new Backward(goal.network, native(), clock);
  return (split === "input" ? new InputSplit(goal, back) : new RectifierSplit(goal, back)) as Search<Part>;
}
