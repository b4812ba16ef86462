/** Comma-separated numbers, one sample a line. */
import { fail, sha256 } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";

/** Names of the column of labels, the plainest first. */
const LABELS = ["label", "class", "y"];

// Number("") is 0; a missing value must not become one
const isNumber = (cell: string): boolean => cell !== "" && !Number.isNaN(Number(cell));

/** What stands for a value that is missing or none, and so tells nothing of its column. */
const NONE = /^([+-]?(nan|inf|infinity)|n\/?a|null|none|)$/i;

/** Cells of a line; a quoted one may hold commas and doubled quotes (RFC 4180), but no line break. */
const cellsOf = (line: string): string[] =>
  (line.includes('"')
    ? Array.from(
        line.matchAll(/(?<=^|,)\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?=,|$)/g),
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
      )
    : line.split(",")
  ).map((cell) => cell.trim());

interface Table {
  readonly name: string;
  /** The first line; undefined of an empty file. */
  readonly opening: string | undefined;
  /** Cells of the first line, header or not. */
  readonly first: readonly string[];
  readonly header: boolean;
  /** Lines of samples. */
  readonly body: readonly string[];
  /** The column called as labels are; −1 without. */
  readonly named: number;
}

function tableOf(bytes: Uint8Array, name: string): Table {
  // TextDecoder drops a byte order mark
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const first = cellsOf(lines[0] ?? "");
  const called = first.map((cell) => cell.toLowerCase());
  const named = called.indexOf(LABELS.find((name) => called.includes(name)) ?? "\0");
  // the last of several may be a label's name
  const header = named >= 0 || first.slice(0, Math.max(1, first.length - 1)).some((cell) => cell !== "" && !isNumber(cell));
  return { name, opening: lines[0], first, header, body: header ? lines.slice(1) : lines, named };
}

/** The numbers of all columns but one, row by row, and the texts of that one; −1 for none. */
function columns({ name, first, header, body }: Table, label: number): { data: Float32Array; labels: string[] } {
  const features = label < 0 ? first.length : first.length - 1;
  const data = new Float32Array(body.length * features);
  const labels: string[] = [];
  for (const [row, line] of body.entries()) {
    const cells = cellsOf(line);
    const at = `line ${row + 1 + Number(header)}`;
    if (cells.length !== first.length)
      fail({
        code: "csv-columns",
        expected: `${first.length} columns in every line of ${name}`,
        got: `${cells.length} in ${at}`,
        mend: "mend that line",
      });
    if (label >= 0) {
      const [text] = cells.splice(label, 1) as [string];
      if (text === "")
        fail({
          code: "csv-label",
          expected: `a label in ${at}, column ${label + 1} of ${name}`,
          got: "nothing",
          mend: "fill it in, or drop that line",
        });
      labels.push(text);
    }
    for (const [column, cell] of cells.entries()) {
      if (!isNumber(cell))
        fail({
          code: "csv-number",
          expected: `a number in ${at}, column ${column + 1 + Number(label >= 0 && column >= label)} of ${name}`,
          got: `“${cell}”`,
          mend: "fill it in, or drop that line or column",
        });
      data[row * features + column] = Number(cell);
    }
  }
  return { data, labels };
}

/**
 * Labelled samples from the bytes of a `.csv` file: [N, columns − 1]. The label is the column called label, class or y,
 * else the last. Labels that are all numbers count from 0; others are names, sorted. The first line is a header where a
 * column other than the label has something else than a number in it, or where a cell is one of those names. Throws `csv-columns`, `csv-number`,
 * `csv-label` and what {@link dataset} throws.
 */
export async function csv(bytes: Uint8Array, name: string): Promise<Dataset> {
  const table = tableOf(bytes, name);
  const { first, named, body } = table;
  if (first.length < 2)
    fail({
      code: "csv-columns",
      expected: `at least two columns in ${name}, separated by commas`,
      got: table.opening === undefined ? "an empty file" : `“${table.opening.slice(0, 40)}”`,
      mend: "put a comma between values, and a label in the last column",
    });
  const { data, labels } = columns(table, named >= 0 ? named : first.length - 1);
  const numeric = labels.every(isNumber);
  const classes = numeric ? undefined : [...new Set(labels)].sort();
  const index = new Map(classes?.map((c, k) => [c, k]));
  return dataset({
    name,
    x: { dtype: "float32", shape: [body.length, first.length - 1], data },
    y: labels.map((text) => (numeric ? Number(text) : index.get(text)!)),
    classes,
    provenance: { source: name, n: body.length, sha256: await sha256(bytes) },
  });
}

/** Whether all columns are numbers of a sample. A column called label or class, or one of names, is labels in any case. */
function unlabelled({ first, header, body, named }: Table): boolean {
  if (/^(label|class)$/i.test(first[named] ?? "")) return false;
  const told = body.map((line) => cellsOf(line)[named >= 0 ? named : first.length - 1] ?? "").filter((cell) => !NONE.test(cell));
  if (told.length === 0 || !told.every(isNumber)) return false;
  const nameless = header && named < 0;
  return first.length === 1 || nameless || told.some((cell) => !Number.isInteger(Number(cell)) || Number(cell) < 0);
}

/**
 * Samples from the bytes of a `.csv` file, with labels or without: [N, columns] without. There are labels where {@link csv} finds a column for them that can be
 * one: one called label or class; one called y, or the last of a file without a header, if its values are names or whole numbers ≥ 0; the last under a header
 * that has none of these names, if its values are names. So columns x and y with fractions in them are points, and a header without a label says that there is none.
 * Throws what `csv` throws.
 */
export async function csvSamples(bytes: Uint8Array, name: string): Promise<Dataset> {
  const table = tableOf(bytes, name);
  if (!unlabelled(table)) return csv(bytes, name);
  const { data } = columns(table, -1);
  return dataset({
    name,
    x: { dtype: "float32", shape: [table.body.length, table.first.length], data },
    provenance: { source: name, n: table.body.length, labels: "none", sha256: await sha256(bytes) },
  });
}
