/** Lanes: each looks at its own parts of a search, one in this thread, or several in threads of their own. */
import { host } from "#host";
import { TIME_UP, TimeUp } from "../bound/backward.ts";
import { evaluate } from "../net/network.ts";
import type { Box } from "./falsify.ts";
import { distanceOf, type Goal, NEAR } from "./goal.ts";
import { type Part, type Stretch, stretch } from "./search.ts";
import { type Plan, searchFor } from "./strategy.ts";

export interface Lane {
  readonly batch: number;
  roots(box: Box): Promise<Part[]>;
  stretch(parts: readonly Part[], milliseconds: number): Promise<Stretch<Part>>;
  release(): Promise<void>;
}

/** Work in this thread. */
export function laneHere(goal: Goal, plan: Plan, seconds?: number): Lane {
  const search = searchFor(goal, plan, seconds === undefined ? undefined : performance.now() + 1000 * seconds);
  const isWorthTrying = (x: Float64Array) => distanceOf(goal, evaluate(goal.network, x).at(-1)!).distance <= NEAR;
  return {
    batch: search.batch,
    roots: (box) => search.roots(box),
    stretch: (parts, milliseconds) => stretch(search, parts, milliseconds, isWorthTrying),
    release: () => search.release(),
  };
}

/** What a thread is asked. */
export type Question =
  | { readonly ask: "start"; readonly goal: Goal; readonly plan: Plan; readonly seconds: number | undefined }
  | { readonly ask: "roots"; readonly box: Box }
  | { readonly ask: "stretch"; readonly parts: readonly Part[]; readonly milliseconds: number };

/** Work in a thread of its own. */
async function laneThere(goal: Goal, plan: Plan, seconds?: number): Promise<Lane> {
  const thread = host.threads.start(new URL(import.meta.url.replace(/lanes(\.[jt]s)$/, "lane-thread$1")));
  const ask = async (question: Question): Promise<unknown> => {
    try {
      return await thread.ask(question);
    } catch (error) {
      throw (error as Error).message === TIME_UP ? new TimeUp() : error;
    }
  };
  const batch = (await ask({ ask: "start", goal, plan, seconds })) as number;
  return {
    batch,
    roots: async (box) => (await ask({ ask: "roots", box })) as Part[],
    stretch: async (parts, milliseconds) => (await ask({ ask: "stretch", parts, milliseconds })) as Stretch<Part>,
    release: () => thread.end(),
  };
}

export const lanesThere = (goal: Goal, plan: Plan, threads: number, seconds?: number): Promise<Lane[]> =>
  Promise.all(Array.from({ length: threads }, () => laneThere(goal, plan, seconds)));
