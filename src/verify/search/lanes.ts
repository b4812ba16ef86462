/** Lanes: each looks at its own parts of a search, one in this thread, or several in threads of their own. */
import { host } from "#host";
import { Clock, TIME_UP, TimeUp } from "../clock.ts";
import { curveNamed } from "../net/curve/named.ts";
import { type Curved, evaluate, type Vertex } from "../net/network.ts";
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
export function laneHere(goal: Goal, plan: Plan, clock: Clock): Lane {
  const search = searchFor(goal, plan, clock);
  const isWorthTrying = (x: Float64Array) => distanceOf(goal, evaluate(goal.network, x).at(-1)!).distance <= NEAR;
  return {
    batch: search.batch,
    roots: (box) => search.roots(box),
    stretch: (parts, milliseconds) => stretch(search, parts, milliseconds, isWorthTrying),
    release: () => search.release(),
  };
}

/** A vertex as it is sent: its curve by name. */
type Sent = Exclude<Vertex, Curved> | (Omit<Curved, "curve"> & { readonly curve: string });

/** A goal as plain data. */
export interface SentGoal extends Omit<Goal, "network"> {
  readonly vertices: readonly Sent[];
}

export const sent = ({ network, ...goal }: Goal): SentGoal => ({
  ...goal,
  vertices: network.vertices.map((v) => (v.kind === "curve" ? { ...v, curve: v.curve.name } : v)),
});

export const received = ({ vertices, ...goal }: SentGoal): Goal => ({
  ...goal,
  network: { vertices: vertices.map((v) => (v.kind === "curve" ? { ...v, curve: curveNamed(v.curve) } : v)) },
});

/** What a thread is asked. */
export type Question =
  | { readonly ask: "start"; readonly goal: SentGoal; readonly plan: Plan; readonly until: number }
  | { readonly ask: "roots"; readonly box: Box }
  | { readonly ask: "stretch"; readonly parts: readonly Part[]; readonly milliseconds: number };

/** The clock that started a thread, as the thread has it: it does not hear of interruptions, but is ended. */
export const clockUntil = (until: number): Clock => new Clock({ since: until, timeout: 0 });

/** Work in a thread of its own. */
async function laneThere(goal: Goal, plan: Plan, clock: Clock): Promise<Lane> {
  const thread = host.threads.start(new URL(import.meta.url.replace(/lanes(\.[jt]s)$/, "lane-thread$1")));
  const ask = async (question: Question): Promise<unknown> => {
    clock.signal?.throwIfAborted();
    try {
      return await thread.ask(question);
    } catch (error) {
      clock.signal?.throwIfAborted();
      throw (error as Error).message === TIME_UP ? new TimeUp() : error;
    }
  };
  // who waits for its answer then learns why there is none
  const end = () => thread.end();
  clock.signal?.addEventListener("abort", end);
  const release = (): Promise<void> => {
    clock.signal?.removeEventListener("abort", end);
    return thread.end();
  };
  let batch: number;
  try {
    batch = (await ask({ ask: "start", goal: sent(goal), plan, until: clock.until })) as number;
  } catch (error) {
    await release();
    throw error;
  }
  return {
    batch,
    roots: async (box) => (await ask({ ask: "roots", box })) as Part[],
    stretch: async (parts, milliseconds) => (await ask({ ask: "stretch", parts, milliseconds })) as Stretch<Part>,
    release,
  };
}

export const lanesThere = (goal: Goal, plan: Plan, threads: number, clock: Clock): Promise<Lane[]> =>
  Promise.all(Array.from({ length: threads }, () => laneThere(goal, plan, clock)));
