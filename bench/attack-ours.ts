/** Our side of bench/attacks.ts, in a process of its own: a line “workload repeats” in, the milliseconds of each attack out. */
import { createInterface } from "node:readline";
import { domain, linf, pgd, victimOf } from "counterfoil/attack";
import { fold, seedKey, size, uniform } from "counterfoil/base";
import { load } from "counterfoil/model";
import { attackWorkloads } from "./attack-workloads.ts";

const [folder, threads] = [process.argv[2]!, Number(process.argv[3])];
const answer = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** PGD as the peers run it: a random start, every step taken, no verdict. */
async function prepare(name: string): Promise<() => Promise<unknown>> {
  const { model: file, batch, steps, epsilon } = attackWorkloads[name]!;
  const model = await load(`${folder}/${file}.onnx`, { threads });
  const { victim } = victimOf(model, "gradient", { threads, batch });
  const shape = [batch, ...model.inputShape];
  const x = { dtype: "float32" as const, shape, data: uniform(seedKey(0), size(shape)) };
  const labels = await model.labels(x);
  const keys = Array.from({ length: batch }, (_, i) => fold(seedKey(1), i));
  const threat = { norm: linf, epsilon, targeted: false, domain: domain(model.inputShape) };
  return () => pgd({ steps }).run(victim, { x, labels, keys, restart: 0 }, threat);
}

const ready = new Map<string, () => Promise<unknown>>();
answer({ threads });
for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", repeats] = line.split(" ");
  let run = ready.get(name);
  if (!run) {
    run = await prepare(name);
    await run();
    ready.set(name, run);
  }
  const times: number[] = [];
  for (let k = 0; k < Number(repeats); k++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  answer(times);
}
process.exit(0);
