/** Metrics of a run: one JSON line a step, and the same as TensorBoard events. */
import { host } from "#host";
import { eventFileHeader, scalarEvent, sessionStart } from "./tfevents.ts";

export interface MetricLog {
  write(step: number, metrics: Readonly<Record<string, number>>): Promise<void>;
  /** Forget what was written from `step` on: a resumed run writes it again. */
  rewind(step: number): Promise<void>;
  /** Write what is held back. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Lines held back before they are written. */
const BUFFER = 100;

export async function openMetrics(folder: string): Promise<MetricLog> {
  const lines = `${folder}/metrics.jsonl`;
  const seconds = () => Date.now() / 1000;
  const events = `${folder}/events.out.tfevents.${Math.floor(seconds())}.counterfoil`;
  await host.appendFile(events, eventFileHeader(seconds()));
  let waiting: { text: string; event: Uint8Array }[] = [];
  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    await host.appendFile(lines, batch.map((b) => b.text).join(""));
    await host.appendFile(events, join(batch.map((b) => b.event)));
  }
  return {
    async write(step, metrics) {
      if (Object.keys(metrics).length === 0) return;
      const time = seconds();
      waiting.push({ text: `${JSON.stringify({ step, time, ...metrics })}\n`, event: scalarEvent(time, step, metrics) });
      if (waiting.length >= BUFFER) await flush();
    },
    async rewind(step) {
      await host.appendFile(events, sessionStart(seconds(), step));
      if ((await host.kind(lines)) !== "file") return;
      const kept = new TextDecoder()
        .decode(await host.readFile(lines))
        .split("\n")
        .filter((line) => stepOf(line) < step);
      await host.writeFile(lines, kept.map((l) => `${l}\n`).join(""));
    },
    flush,
    close: flush,
  };
}

/** The step of a line; a torn one, which a power cut may leave at the end, counts as never written. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as { step: number }).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
