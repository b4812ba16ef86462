/** Writes docs/operators.md from the operator records; with --check, fails where the committed file differs. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { constructions } from "../src/onnx/construction.ts";
import { OPSETS } from "../src/onnx/index.ts";
import { zero } from "../src/ops/algebra.ts";
import { isGap, type Op, ops } from "../src/ops/index.ts";

const FILE = resolve(import.meta.dirname, "../docs/operators.md");

const notes: string[] = [];
function cell(answer: Op["vjp"] | Op["interval"] | Op["lines"]): string {
  if (isGap(answer)) {
    if (!notes.includes(answer.gap)) notes.push(answer.gap);
    return `– [^${notes.indexOf(answer.gap) + 1}]`;
  }
  if (answer === zero) return "zero";
  return answer === "composed" ? "composed" : answer === "affine" ? "exact" : "yes";
}

const rows = Object.entries(ops)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(
    ([name, op]) =>
      `| ${name} | ${cell(op.vjp)}${op.surrogate === undefined ? "" : ", surrogate"} | ${cell(op.interval)} | ${cell(op.lines)} | ${op.noFloat64 ? "composed" : "yes"} |`,
  );

const gaps = (pick: (op: Op) => unknown) => Object.values(ops).filter((op) => isGap(pick(op))).length;
const text = `# Operators

Generated from the records in \`src/ops\` by \`npm run docs\`. Models of opset ${OPSETS.oldest} to ${OPSETS.newest} are read and brought to opset 21; an operator that is in neither list
is refused by name.

*Gradient*: the vector-Jacobian product, itself made of listed operators, so that gradients of gradients exist; “zero” almost
everywhere for steps and truth values. “surrogate”: the record also has what attacks pass through instead (straight-through).
*Interval*: an enclosure of the output from one of each input. *Linear*: a line below and a line above, for CROWN; “exact” where the operator
is affine in what is perturbed. “composed”: by way of simpler operators. *float64*: whether onnxruntime's CPU has a kernel for it.

${Object.keys(ops).length} operators; ${gaps((o) => o.vjp)} have no gradient, ${gaps((o) => o.interval)} no interval, ${gaps((o) => o.lines)} no linear bounds, each for the reason below.

| operator | gradient | interval | linear | float64 |
|---|---|---|---|---|
${rows.join("\n")}

${notes.map((note, i) => `[^${i + 1}]: ${note}`).join("\n")}

## Read as others

These are made of listed operators when a file is read (\`src/onnx/construction.ts\`), so that everything above holds for them: ${Object.keys(
  constructions,
)
  .sort()
  .map((name) => `\`${name}\``)
  .join(", ")}.
`;

if (process.argv.includes("--check")) {
  let committed = "";
  try {
    committed = readFileSync(FILE, "utf8");
  } catch (cause) {
    process.stderr.write(`${FILE} cannot be read (${cause instanceof Error ? cause.message : cause})\n`);
  }
  if (committed !== text) {
    process.stderr.write("docs/operators.md is not what the records say: run npm run docs\n");
    process.exitCode = 1;
  } else process.stdout.write(`docs: operators.md is true (${rows.length} operators)\n`);
} else writeFileSync(FILE, text);
