/** 10,000 random networks, none of whose bounds may fail: `npx tsx --conditions=source experiments/soundness.ts` → soundness.md */
import { writeFileSync } from "node:fs";
import type { Enclosure } from "../src/verify/bound/enclosure.ts";
import { escaped, networkFor } from "../test/verify/escapes.ts";
import { KINDS } from "../test/verify/network.ts";
import { table } from "./rows.ts";

const NETWORKS = 10_000;
const each = Math.ceil(NETWORKS / KINDS.length);
const DESCENTS = 5;
const ascent = { steps: 3, enough: Number.POSITIVE_INFINITY };

/** Enclosures that are too narrow by a tenth: a relaxation that is wrong by a little. */
function narrowed(all: Enclosure): Enclosure {
  all.low.forEach((low, k) => {
    if (k > 0)
      for (let i = 0; i < low.length; i++) {
        const cut = 0.1 * (all.high[k]![i]! - low[i]!);
        low[i]! += cut;
        all.high[k]![i]! -= cut;
      }
  });
  return all;
}

const start = performance.now();
const lines: (string | number)[][] = [];
let [networks, failed] = [0, 0];
for (const [done, kind] of KINDS.entries()) {
  let [escapes, caught] = [0, 0];
  for (let seed = 0; seed < each; seed++) {
    const net = networkFor(kind, seed);
    // every other network after ascent
    const { values, rows } = await escaped(net, seed, undefined, seed % 2 === 0 ? undefined : ascent, DESCENTS);
    escapes += values + rows;
    if (seed < 20 && (await escaped(net, seed, narrowed)).rows > 0) caught++;
  }
  networks += each;
  failed += escapes;
  lines.push([kind, each, escapes, `${caught} of 20`]);
  const minutes = (performance.now() - start) / 60_000;
  console.log(`${kind}: ${escapes} escapes of ${each} (about ${Math.ceil((minutes / (done + 1)) * (KINDS.length - done - 1))} min left)`);
}
writeFileSync(
  new URL("./soundness.md", import.meta.url),
  `# ${networks.toLocaleString("en")} random networks

Of each: enclosures of all vertices and five random rows bounded over a random box (of three widths), half of them after ascent in the slopes; then 300 corners and points within, and ${DESCENTS} descents along the rows. An escape is a
value outside its enclosure, or a row below its bound, by more than 1e-12. Caught: of 20 networks whose enclosures were narrowed by a tenth, those in which the same count of rows shows it.
Regenerate: \`npx tsx --conditions=source experiments/soundness.ts\`.

${table(["kind", "networks", "escapes", "narrowed: caught by the rows"], lines)}

Escapes: ${failed}.
`,
);
console.log(`experiments/soundness.md: ${failed} escapes`);
process.exitCode = failed > 0 ? 1 : 0;
