/** The one clock of a verification. All that may take long looks at it now and then: for the limit, for who interrupts, for others' turns. */

/** The time that a verification may take is over. */
export class TimeUp extends Error {
  constructor() {
    super(TIME_UP);
  }
}
export const TIME_UP = "the time that a verification may take is over";

export interface ClockOptions {
  /** Seconds; default no limit. */
  readonly timeout?: number;
  /** When they began, in milliseconds since 1970 as `performance.timeOrigin` counts them; default now. */
  readonly since?: number;
  readonly signal?: AbortSignal;
}

/** Milliseconds between turns of others. */
export const BREATH = 100;

/** Milliseconds that a timer can wait. */
const LONGEST = 2 ** 31 - 1;

/** Counted alike by all threads. */
const now = (): number => performance.timeOrigin + performance.now();

export class Clock {
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  readonly #since: number;
  #breathed = now();

  constructor({ timeout = Number.POSITIVE_INFINITY, since = now(), signal }: ClockOptions = {}) {
    this.#since = since;
    this.until = since + 1000 * timeout;
    this.signal = signal;
  }

  /** Since it began. */
  get seconds(): number {
    return (now() - this.#since) / 1000;
  }

  /** Until the limit. */
  get left(): number {
    return (this.until - now()) / 1000;
  }

  /** Where others are due, a promise to wait for. @throws TimeUp; the signal's reason */
  look(): Promise<void> | undefined {
    const time = now();
    if (time > this.until) throw new TimeUp();
    return time - this.#breathed > BREATH ? this.breath() : undefined;
  }

  /** Let others have their turn. @throws the signal's reason */
  async breath(): Promise<void> {
    this.#breathed = now();
    await new Promise((go) => setTimeout(go, 0));
    this.signal?.throwIfAborted();
  }

  /** Rings once the limit has passed, whatever others do until then; `stop` forgets it. */
  alarm(): { readonly rings: Promise<null>; stop(): void } {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rings = new Promise<null>((ring) => {
      if (Number.isFinite(this.until)) timer = setTimeout(() => ring(null), Math.min(Math.max(0, 1000 * this.left) + 1, LONGEST));
    });
    return { rings, stop: () => clearTimeout(timer) };
  }

  /** Take all steps, with a look between them. */
  async along<T>(steps: Iterator<unknown, T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      const wait = this.look();
      if (wait) await wait;
    }
  }
}

/** Take all steps, whatever they take. */
export function atOnce<T>(steps: Iterator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
