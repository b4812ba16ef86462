/** Lanes that search together: whatever their order, all parts are looked at once, and the search ends. */
import { describe, expect, test } from "vitest";
import { Clock } from "../../src/verify/clock.ts";
import { type Crew, work } from "../../src/verify/search/crew.ts";
import type { Part, Stretch } from "../../src/verify/search/search.ts";

/** A part that is as far from a proof as its number says, and is split into the halves of it down to 1. */
interface Numbered extends Part {
  readonly missing: number;
}

const halves = ({ missing }: Part): Numbered[] => (missing > 1 ? [Math.ceil(missing / 2), Math.floor(missing / 2)] : []).map(part);
const part = (missing: number): Numbered => ({ missing });
const soon = (milliseconds: number) => new Promise((go) => setTimeout(go, milliseconds));

/** Looks at one stretch's parts after so many milliseconds. */
const lane = (milliseconds: number, batch = 1, candidates: (p: readonly Part[]) => Float64Array[] = () => []): Crew["lanes"][number] => ({
  batch,
  stretch: async (parts) => {
    await soon(milliseconds);
    return { looked: parts.length, stuck: 0, candidates: candidates(parts), open: parts.flatMap(halves) };
  },
});

/** What ended, how many parts were looked at, and in which order lanes were given what. */
async function worked(lanes: Crew["lanes"], open: Part[], more: Partial<Crew> = {}) {
  let looked = 0;
  const ended = await work({
    lanes,
    open,
    most: Number.POSITIVE_INFINITY,
    tried: async () => true,
    late: async () => false,
    clock: new Clock(),
    onStretch: (found: Stretch<Part>) => {
      looked += found.looked;
    },
    isEnough: () => false,
    ...more,
  });
  return { ended, looked, open };
}

/** A part of n is split 2n − 1 times in all. */
const ALL = 2 * 37 - 1;

describe("all parts are looked at, once", () => {
  test.each([
    ["one lane", [lane(0)]],
    ["one slow lane", [lane(3)]],
    ["three lanes, one of them slow", [lane(0), lane(1, 4), lane(5, 2)]],
    ["more lanes than parts", Array.from({ length: 50 }, () => lane(1))],
  ])("by %s", async (_, lanes) => {
    expect(await worked(lanes, [part(37)])).toEqual({ ended: null, looked: ALL, open: [] });
  });

  // the last lane is back while the clock's other users have their turn: nothing is left to wait for
  test.each([0, 1, 5, 20])("with turns of others that take %d ms", async (milliseconds) => {
    const late = async () => {
      await soon(milliseconds);
      return false;
    };
    expect(await worked([lane(1), lane(2)], [part(37)], { late })).toEqual({ ended: null, looked: ALL, open: [] });
  });

  test("also by lanes that answer at once", async () => {
    const at = (): Crew["lanes"][number] => ({
      batch: 1,
      stretch: async (parts) => ({ looked: parts.length, stuck: 0, candidates: [], open: parts.flatMap(halves) }),
    });
    expect(await worked([at(), at()], [part(37)], { late: () => soon(2).then(() => false) })).toMatchObject({ ended: null, looked: ALL });
  });
});

test("the latest part is taken and the one that is farthest from a proof, in turns", async () => {
  const taken: number[] = [];
  const lanes = Array.from({ length: 4 }, () => ({
    batch: 1,
    stretch: (parts: readonly Part[]) => {
      taken.push(...parts.map((p) => p.missing));
      return new Promise<never>(() => {});
    },
  }));
  const open = [5, 9, 1, 7, 3, 2].map(part);
  const { ended } = await worked(lanes, open, { clock: new Clock({ timeout: 0.01 }), late: async () => taken.length > 0 });
  expect(ended).toBe("timeout");
  expect(taken).toEqual([2, 9, 7, 5]);
});

describe("it ends before", () => {
  test("where a point is a counterexample, and one that is not does not end it", async () => {
    const points = (parts: readonly Part[]) => (parts.some((p) => p.missing === 3) ? [Float64Array.of(3)] : [Float64Array.of(0)]);
    const tried = async (x: Float64Array) => x[0] === 3;
    expect((await worked([lane(0, 1, points), lane(1, 1, points)], [part(12)], { tried })).ended).toBe("sat");
    expect((await worked([lane(0, 1, points), lane(1, 1, points)], [part(16)], { tried })).ended).toBe(null);
  });

  test("where the limit passes, though a lane is not back", async () => {
    const clock = new Clock({ timeout: 0.02 });
    const never: Crew["lanes"][number] = { batch: 1, stretch: () => new Promise(() => {}) };
    expect((await worked([never], [part(5)], { clock, late: async () => clock.left < 0 })).ended).toBe("timeout");
  });

  test("where open parts take too much", async () => {
    expect(
      (
        await worked(
          [lane(0)],
          Array.from({ length: 100 }, () => part(8)),
          { most: 1_000 },
        )
      ).ended,
    ).toBe("full");
  });

  test("where it is enough, but all that was taken is back", async () => {
    let turns = 0;
    const { ended, looked, open } = await worked([lane(2), lane(1)], [part(37), part(37)], { isEnough: () => ++turns > 3 });
    expect(ended).toBe(null);
    expect(open.length).toBeGreaterThan(0);
    const left = open.reduce((sum, p) => sum + 2 * p.missing - 1, 0);
    expect(looked + left).toBe(2 * ALL);
  });

  test("where a lane fails: with why", async () => {
    const broken: Crew["lanes"][number] = { batch: 1, stretch: () => Promise.reject(new Error("out of threads")) };
    await expect(worked([broken], [part(5)])).rejects.toThrow("out of threads");
  });
});
