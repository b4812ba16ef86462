/** A thread that answers questions, one after another. What is asked and answered is cloned. */
export interface Thread {
  /** @throws what the thread threw, as an Error of its name and message */
  ask(question: unknown): Promise<unknown>;
  end(): Promise<void>;
}

export interface Threads {
  /** Start `script`, a module of this package that calls `serve`. */
  start(script: URL): Thread;
  /** In a thread: answer all questions. */
  serve(answer: (question: never) => Promise<unknown>): void;
}

/** How one thread and the one that started it speak: whatever sends and hands over messages. */
export interface Port {
  post(message: unknown): void;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}

/** The asking side of a port. */
export class Questions {
  readonly #port: Port;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #asked = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  ask(question: unknown): Promise<unknown> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.post({ id, question });
    });
  }

  take({ id, value, error }: Answer): void {
    const own = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) own?.reject(Object.assign(new Error(error.message), { name: error.name }));
    else own?.resolve(value);
  }

  /** The thread is gone: nobody will answer. */
  lose(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The answering side. */
export function answering(port: Port, answer: (question: never) => Promise<unknown>): (message: unknown) => Promise<void> {
  return async (message) => {
    const { id, question } = message as { id: number; question: never };
    try {
      port.post({ id, value: await answer(question) } satisfies Answer);
    } catch (cause) {
      const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
      port.post({ id, error: { name, message } } satisfies Answer);
    }
  };
}
