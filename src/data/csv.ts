/** Comma-separated numbers, one sample a line. */
import { fail, sha256 } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";

const LABELS = ["label", "y", "class"];

// Number("") is 0; a missing value must not become one
const isNumber = (cell: string): boolean => cell !== "" && !Number.isNaN(Number(cell));

/** Cells of a line; a quoted one may hold commas and doubled quotes (RFC 4180), but no line break. */
const cellsOf = (line: string): string[] =>
  (line.includes('"')
    ? Array.from(
        line.matchAll(/(?<=^|,)\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?=,|$)/g),
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
      )
    : line.split(",")
  ).map((cell) => cell.trim());

/**
 * Labelled samples from the bytes of a `.csv` file: [N, columns − 1]. The label is the column called label, y or class,
 * else the last. Labels that are all numbers count from 0; others are names, sorted. The first line is a header where a
 * column other than the label has something else than a number in it, or where a cell is one of those names. Throws `csv-columns`, `csv-number`,
 * `csv-label` and what {@link dataset} throws.
 */
export async function csv(bytes: Uint8Array, name: string): Promise<Dataset> {
  // TextDecoder drops a byte order mark
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const first = cellsOf(lines[0] ?? "");
  const named = first.findIndex((cell) => LABELS.includes(cell.toLowerCase()));
  const width = first.length;
  if (width < 2)
    fail({
      code: "csv-columns",
      expected: `at least two columns in ${name}, separated by commas`,
      got: lines.length === 0 ? "an empty file" : `“${lines[0]!.slice(0, 40)}”`,
      mend: "put a comma between values, and a label in the last column",
    });
  const header = named >= 0 || first.slice(0, -1).some((cell) => cell !== "" && !isNumber(cell));
  const label = named >= 0 ? named : width - 1;
  const body = header ? lines.slice(1) : lines;
  const data = new Float32Array(body.length * (width - 1));
  const labels: string[] = [];
  for (const [row, line] of body.entries()) {
    const cells = cellsOf(line);
    const at = `line ${row + 1 + Number(header)}`;
    if (cells.length !== width)
      fail({
        code: "csv-columns",
        expected: `${width} columns in every line of ${name}`,
        got: `${cells.length} in ${at}`,
        mend: "mend that line",
      });
    const [text] = cells.splice(label, 1) as [string];
    if (text === "")
      fail({
        code: "csv-label",
        expected: `a label in ${at}, column ${label + 1} of ${name}`,
        got: "nothing",
        mend: "fill it in, or drop that line",
      });
    labels.push(text);
    for (const [column, cell] of cells.entries()) {
      if (!isNumber(cell))
        fail({
          code: "csv-number",
          expected: `a number in ${at}, column ${column + 1 + Number(column >= label)} of ${name}`,
          got: `“${cell}”`,
          mend: "fill it in, or drop that line or column",
        });
      data[row * (width - 1) + column] = Number(cell);
    }
  }
  const numeric = labels.every(isNumber);
  const classes = numeric ? undefined : [...new Set(labels)].sort();
  const index = new Map(classes?.map((c, k) => [c, k]));
  return dataset({
    name,
    x: { dtype: "float32", shape: [body.length, width - 1], data },
    y: labels.map((text) => (numeric ? Number(text) : index.get(text)!)),
    classes,
    provenance: { source: name, n: body.length, sha256: await sha256(bytes) },
  });
}
