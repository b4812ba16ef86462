/** What people see: progress on stderr, results on stdout. */
import ora from "ora";

export interface Meter {
  /** Say how far things are; `done` of `total` gives the time left. */
  update(text: string, done?: number, total?: number): void;
  succeed(text: string): void;
  stop(): void;
}

const clock = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.ceil(seconds % 60)} s`;

/** Seconds between lines where no terminal can redraw one; COUNTERFOIL_PROGRESS_SECONDS overrides it. */
const QUIET = Number(process.env.COUNTERFOIL_PROGRESS_SECONDS ?? 10);

/** A line on stderr that is redrawn on a terminal, and repeated now and then elsewhere. */
export function meter(text: string): Meter {
  const spinner = ora({ text, stream: process.stderr, discardStdin: false });
  const live = process.stderr.isTTY === true;
  if (live) spinner.start();
  else process.stderr.write(`${text}\n`);
  const start = performance.now();
  let spoken = start;
  return {
    update(line, done, total) {
      const left = done && total ? ((performance.now() - start) / 1000 / done) * (total - done) : undefined;
      const full = left === undefined ? line : `${line}, ${clock(left)} left`;
      if (live) spinner.text = full;
      else if (performance.now() - spoken > QUIET * 1000) {
        spoken = performance.now();
        process.stderr.write(`${full}\n`);
      }
    },
    succeed(line) {
      if (live) spinner.succeed(line);
      else process.stderr.write(`${line}\n`);
    },
    stop: () => void spinner.stop(),
  };
}

/** Exactly one JSON document on stdout. */
export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Aborts on Ctrl-C: the work in hand saves its state and stops. A second Ctrl-C kills at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.once("SIGTERM", () => controller.abort());
  return controller.signal;
}
