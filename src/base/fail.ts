/** Who has to act: the user mends their input (exit 2); a bug of ours is reported (exit 3). */
export interface Failure {
  /** Stable, kebab-case, searchable: `"file-missing"`, `"operator-unknown"`, … */
  readonly code: string;
  readonly expected: string;
  readonly got: string;
  /** What the reader should do next, as an imperative. */
  readonly mend: string;
  readonly cause?: unknown;
}

/** An error that says what was expected, what was got and how to mend it. */
export class CounterfoilError extends Error {
  override readonly name = "CounterfoilError";
  readonly code: string;
  readonly expected: string;
  readonly got: string;
  readonly mend: string;

  constructor({ code, expected, got, mend, cause }: Failure) {
    super(`expected ${expected}, got ${got}; ${mend} [${code}]`, { cause });
    this.code = code;
    this.expected = expected;
    this.got = got;
    this.mend = mend;
  }
}

/** What V8, its threads and onnxruntime say where memory ends. */
const OUT_OF_MEMORY =
  /array buffer allocation failed|invalid (typed array|array buffer|array) length|out of memory|reached heap limit|reaching memory limit|bad_alloc|failed to allocate memory/i;

export const isOutOfMemory = (error: unknown): boolean => error instanceof Error && OUT_OF_MEMORY.test(error.message);

/** Throw a {@link CounterfoilError}: the one way this library refuses what it was given. */
export function fail(failure: Failure): never {
  throw new CounterfoilError(failure);
}
