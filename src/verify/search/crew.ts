/** The lanes of a search at work on its open parts, all at the same time, until nothing is open, or it is enough. */
import { BREATH, type Clock } from "../clock.ts";
import type { Lane } from "./lanes.ts";
import { type Part, type Stretch, worstLast } from "./search.ts";
import { Size } from "./size.ts";

export interface Crew {
  readonly lanes: readonly Pick<Lane, "batch" | "stretch">[];
  /** Parts that nothing is known of yet: lanes take from its end and add to it. */
  readonly open: Part[];
  /** Bytes that open parts may take. */
  readonly most: number;
  /** Whether the file itself says that the point, rounded, is a counterexample. */
  readonly tried: (x: Float64Array) => Promise<boolean>;
  /** Whether the time is up, told how far below 0 the worst of the open bounds is. */
  readonly late: (missing: number) => Promise<boolean>;
  readonly clock: Clock;
  readonly onStretch: (found: Stretch<Part>) => void;
  /** Whether they may stop, once all are back. */
  readonly isEnough: () => boolean;
}

/** null: nothing is open, or it is enough. "full": open parts take more than they may. */
export async function work({
  lanes,
  open,
  most,
  tried,
  late,
  clock,
  onStretch,
  isEnough,
}: Crew): Promise<"sat" | "timeout" | "full" | null> {
  const size = new Size(open);
  const busy = new Map<Crew["lanes"][number], Promise<"sat" | null>>();
  let handed = 0;
  const turn = async (lane: Crew["lanes"][number], parts: readonly Part[]): Promise<"sat" | null> => {
    const found = await lane.stretch(parts, BREATH);
    onStretch(found);
    open.push(...found.open);
    for (const x of found.candidates) if (await tried(x)) return "sat";
    return null;
  };
  while (open.length > 0 || busy.size > 0) {
    // then nothing is handed out any more
    const enough = isEnough();
    if (enough && busy.size === 0) return null;
    const missing = open.reduce((worst, p) => Math.max(worst, p.missing), 0);
    if (await late(missing)) return "timeout";
    if (size.bytes > most) return "full";
    for (const lane of lanes) {
      if (enough || busy.has(lane) || open.length === 0) continue;
      // one lane may have all, several share what is there
      const share = lanes.length === 1 ? open.length : Math.min(lane.batch, Math.ceil(open.length / lanes.length));
      // lanes go on with what was split last and with what is farthest from a proof in turns: a counterexample may be there
      if (handed++ % 2 === 1) worstLast(open);
      const doing = turn(lane, open.splice(-share)).finally(() => busy.delete(lane));
      busy.set(lane, doing);
    }
    // the last one may have ended while others had their turn
    if (busy.size === 0) continue;
    const alarm = clock.alarm();
    const ended = await Promise.race([...busy.values(), alarm.rings]).finally(alarm.stop);
    // what other lanes still do is forgotten
    if (ended) return ended;
  }
  return null;
}
