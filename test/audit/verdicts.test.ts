/** Known-broken defences trip their own check, and no healthy model trips any. */
import { describe, expect, test } from "vitest";
import { audit } from "../../src/audit/index.ts";
import { broken, type Exhibit, healthy } from "./zoo.ts";

const audited = async ({ model, data, epsilon, range }: Exhibit) => {
  const report = await audit(model, data, { threads: 1, epsilon, range, preset: "quick" });
  await model.release();
  return report;
};
const failed = (report: Awaited<ReturnType<typeof audited>>) => report.verdicts.filter((v) => v.status === "fail").map((v) => v.check);

describe("broken", () => {
  test.each(Object.entries(broken))(
    "%s",
    async (_, { trips, make }) => {
      const report = await audited(await make());
      expect(failed(report), JSON.stringify(report.verdicts, null, 1)).toContain(trips);
      // a failed check says how to mend it
      for (const v of report.verdicts) expect(v.mend === null).toBe(v.status !== "fail");
    },
    180_000,
  );
});

describe("healthy", () => {
  test.each(Object.entries(healthy))(
    "%s",
    async (_, make) => {
      const report = await audited(await make());
      expect(
        failed(report),
        JSON.stringify(
          report.verdicts.filter((v) => v.status === "fail"),
          null,
          1,
        ),
      ).toEqual([]);
      expect(report.cleanAccuracy).toBeGreaterThan(0.8);
    },
    180_000,
  );
});
