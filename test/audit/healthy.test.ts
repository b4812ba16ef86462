/** No healthy model trips a check. */
import { describe, expect, test } from "vitest";
import { audited, failed, healthy } from "./zoo.ts";

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
