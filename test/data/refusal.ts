import { expect } from "vitest";
import { CounterfoilError } from "../../src/base/index.ts";

/** What is wrong, the code, and the whole sentence without it. */
export type Refusal = readonly [what: string, code: string, sentence: string, act: () => unknown];

/** The refusal that `act` ends in. */
export async function refusal(act: () => unknown): Promise<CounterfoilError> {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(CounterfoilError);
    return error as CounterfoilError;
  }
  throw new Error("not refused");
}

export async function expectRefusal([, code, sentence, act]: Refusal): Promise<void> {
  const error = await refusal(act);
  expect(error.message).toBe(`${sentence} [${code}]`);
  expect(error.code).toBe(code);
}
