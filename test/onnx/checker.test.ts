/** The `onnx` checker has passed these files (golden/checker.json); this test says that they are the files we write today. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { openFile } from "../../src/run/index.ts";
import { checkedModels } from "../golden/checked-models.ts";

interface Evidence {
  readonly onnx: string;
  readonly models: readonly { readonly file: string; readonly sha256: string; readonly result: string }[];
}

const evidence: Evidence = JSON.parse(readFileSync(new URL("../golden/checker.json", import.meta.url), "utf8"));
const files = Object.entries(checkedModels()).filter(([name]) => name.endsWith(".onnx"));

describe("files that the onnx checker has passed", () => {
  test.each(files)("%s", async (name, bytes) => {
    const found = evidence.models.find((m) => m.file === name);
    expect(found?.result).toBe("ok");
    expect(found?.sha256, "the writer has changed: check the files anew (golden/checked-models.ts)").toBe(await sha256(bytes));
    if (name === "external.onnx") return;
    // as written, with no rewriting of onnxruntime's
    await (await openFile(bytes, { threads: 1, optimize: "disabled" })).release();
  });
});
