/** docs/audit.schema.json, from the schema that every report is checked against. `--check`: is it up to date? */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { reportJsonSchema } from "../src/audit/index.ts";

const path = resolve(import.meta.dirname, "../docs/audit.schema.json");
const text = `${JSON.stringify(reportJsonSchema(), null, 2)}\n`;
if (!process.argv.includes("--check")) writeFileSync(path, text);
else if (readFileSync(path, "utf8") !== text) {
  process.stderr.write("docs/audit.schema.json is not what src/audit/report.ts says: npm run docs\n");
  process.exitCode = 1;
}
