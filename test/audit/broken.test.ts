/** Known-broken defences trip their own check. */
import { describe, expect, test } from "vitest";
import { audited, broken, failed } from "./zoo.ts";

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
