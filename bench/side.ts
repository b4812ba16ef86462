/** A process of a benchmark: it is asked a line and answers a line. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!;

export interface Side {
  /** What it says of itself. */
  readonly about: { readonly name?: string };
  /** Milliseconds of each of `repeats` steps. */
  times(workload: string, repeats: number): Promise<number[]>;
  close(): void;
}

export async function side(command: string, args: readonly string[]): Promise<Side> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string);
  return {
    about: await next(),
    times(workload, repeats) {
      child.stdin.write(`${workload} ${repeats}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}
