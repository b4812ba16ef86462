/** Our side, in a process of its own, as peer.py is the other's: a line “workload repeats” in, the milliseconds of each step out. */
import { createInterface } from "node:readline";
import { workloads } from "./workloads.ts";

const threads = Number(process.argv[2]);
const ready = new Map<string, (repeats: number) => Promise<number[]>>();
const answer = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

answer({ threads });
for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", repeats] = line.split(" ");
  let run = ready.get(name);
  if (!run) {
    run = await workloads[name]!.prepare(threads);
    await run(8);
    ready.set(name, run);
  }
  answer(await run(Number(repeats)));
}
process.exit(0);
