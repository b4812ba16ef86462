import { describe, expect, it } from "vitest";
import { csv, csvSamples } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

const read = (text: string) => csv(new TextEncoder().encode(text), "a.csv");

describe("what is read", () => {
  const rows: readonly (readonly [what: string, text: string, x: number[][], y: number[], classes: string[]])[] = [
    [
      "no header, label last",
      "1,2,0\n3,4,1\n",
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    [
      "a header, label last",
      "a,b,kind\n1,2,0\n3,4,1",
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    [
      "a column called label",
      "Label,a,b\n0,1,2\n1,3,4\n",
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    [
      "a column called y",
      "a,y,b\n1,0,2\n3,1,4\n",
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    [
      "columns called by numbers",
      "0,1,class\n1,2,0\n3,4,1\n",
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    ["classes with names", "5.1,setosa\n4.9,virginica\n5,setosa\n", [[5.1], [4.9], [5]], [0, 1, 0], ["setosa", "virginica"]],
    [
      "an index without a name",
      ",a,b\n7,1,0\n8,2,1\n",
      [
        [7, 1],
        [8, 2],
      ],
      [0, 1],
      ["0", "1"],
    ],
    ["names are sorted", "1,b\n2,a\n", [[1], [2]], [1, 0], ["a", "b"]],
    ["a byte order mark and Windows lines", "\uFEFFa,label\r\n1,0\r\n2,1\r\n\r\n", [[1], [2]], [0, 1], ["0", "1"]],
    [
      "spaces",
      " 1 , 2e-1 , 0 \n-3, +4 ,1\n",
      [
        [1, 0.2],
        [-3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    ["quotes", '"1","a ""b"", c"\n2,d\n3,"d"\n', [[1], [2], [3]], [0, 1, 1], ['a "b", c', "d"]],
  ];
  it.each(rows)("%s", async (_, text, x, y, classes) => {
    const data = await read(text);
    expect(data.x).toEqual({ dtype: "float32", shape: [x.length, x[0]!.length], data: Float32Array.from(x.flat()) });
    expect([...data.y]).toEqual(y);
    expect(data).toMatchObject({ name: "a.csv", classes, provenance: { source: "a.csv", n: y.length } });
  });
});

describe("with labels or without", () => {
  const samples = (text: string) => csvSamples(new TextEncoder().encode(text), "a.csv");
  const rows: readonly (readonly [what: string, text: string, x: number[][], y: number[], classes: string[]])[] = [
    [
      "points called x and y",
      "x,y\n0.5,1\n-2,0.25\n",
      [
        [0.5, 1],
        [-2, 0.25],
      ],
      [0, 0],
      [],
    ],
    [
      "y below zero",
      "x,y\n1,-1\n2,3\n",
      [
        [1, -1],
        [2, 3],
      ],
      [0, 0],
      [],
    ],
    ["a y of whole numbers", "x,y\n0.5,1\n-2,0\n", [[0.5], [-2]], [1, 0], ["0", "1"]],
    ["a y of names", "x,y\n0.5,b\n-2,a\n", [[0.5], [-2]], [1, 0], ["a", "b"]],
    [
      "a header without a label",
      "age,shoes\n30,40\n41,38\n",
      [
        [30, 40],
        [41, 38],
      ],
      [0, 0],
      [],
    ],
    ["a header without a label, names last", "length,kind\n5.1,b\n4.9,a\n", [[Math.fround(5.1)], [Math.fround(4.9)]], [1, 0], ["a", "b"]],
    [
      "no header, fractions last",
      "1,2,0.5\n3,4,1\n",
      [
        [1, 2, 0.5],
        [3, 4, 1],
      ],
      [0, 0],
      [],
    ],
    [
      "no header, whole numbers last",
      "1,2,0\n3,4,1\n",
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      ["0", "1"],
    ],
    ["one column", "1\n2.5\n", [[1], [2.5]], [0, 0], []],
    ["one column with a header", "height\n1\n2\n", [[1], [2]], [0, 0], []],
    ["a column called label", "Label,a\n1,0.5\n0,2\n", [[0.5], [2]], [1, 0], ["0", "1"]],
    [
      "points with a column called label",
      "x,y,label\n1,0.5,1\n0,2,0\n",
      [
        [1, 0.5],
        [0, 2],
      ],
      [1, 0],
      ["0", "1"],
    ],
  ];
  it.each(rows)("%s", async (_, text, x, y, classes) => {
    const data = await samples(text);
    expect(data.x).toEqual({ dtype: "float32", shape: [x.length, x[0]!.length], data: Float32Array.from(x.flat()) });
    expect(data).toMatchObject({ classes, y: Int32Array.from(y), inputShape: [x[0]!.length] });
    expect(data.provenance.labels).toBe(classes.length === 0 ? "none" : undefined);
  });

  const number = (where: string, got: string) =>
    `expected a number in ${where} of a.csv, got “${got}”; fill it in, or drop that line or column`;
  const comma = "put a comma between values, and a label in the last column";
  const bad: readonly Refusal[] = [
    ["a missing coordinate", "csv-number", number("line 2, column 2", ""), () => samples("0.5,0.25\n0.5,\n")],
    ["a coordinate that is none", "csv-number", number("line 3, column 2", "nan"), () => samples("x,y\n0.5,0.25\n0.5,nan\n")],
    [
      "a line too long",
      "csv-columns",
      "expected 2 columns in every line of a.csv, got 3 in line 2; mend that line",
      () => samples("0.5,0.25\n0.5,0.25,1\n"),
    ],
    [
      "fractions called label",
      "data-label",
      "expected labels in a.csv that are whole numbers from 0 to 99999, got 0.5 at y[0]; number the classes from 0",
      () => samples("a,label\n1,0.5\n"),
    ],
    ["empty", "csv-columns", `expected at least two columns in a.csv, separated by commas, got an empty file; ${comma}`, () => samples("")],
    [
      "semicolons",
      "csv-columns",
      `expected at least two columns in a.csv, separated by commas, got “x;y”; ${comma}`,
      () => samples("x;y\n0.5;0.25\n"),
    ],
  ];
  it.each(bad)("%s: %s", async (...row) => expectRefusal(row));
});

describe("bad files", () => {
  const number = (where: string, got: string) =>
    `expected a number in ${where} of a.csv, got “${got}”; fill it in, or drop that line or column`;
  const comma = "put a comma between values, and a label in the last column";
  const rows: readonly Refusal[] = [
    [
      "empty",
      "csv-columns",
      `expected at least two columns in a.csv, separated by commas, got an empty file; ${comma}`,
      () => read("\n\n"),
    ],
    [
      "semicolons",
      "csv-columns",
      `expected at least two columns in a.csv, separated by commas, got “1;2;0”; ${comma}`,
      () => read("1;2;0\n"),
    ],
    [
      "a header alone",
      "data-empty",
      "expected samples in a.csv, got none (shape [0,1]); name data with at least one sample",
      () => read("a,label\n"),
    ],
    [
      "a line too short",
      "csv-columns",
      "expected 3 columns in every line of a.csv, got 2 in line 2; mend that line",
      () => read("1,2,0\n3,1\n"),
    ],
    [
      "an empty line",
      "csv-columns",
      "expected 2 columns in every line of a.csv, got 1 in line 3; mend that line",
      () => read("a,y\n1,0\n\n2,1\n"),
    ],
    ["a missing value", "csv-number", number("line 2, column 1", ""), () => read("1,2,0\n,4,1\n")],
    ["a missing value in the first line", "csv-number", number("line 1, column 2", ""), () => read("1,,0\n3,4,1\n")],
    ["text", "csv-number", number("line 3, column 3", "high"), () => read("a,y,b\n1,0,2\n1,1,high\n")],
    ["NaN", "csv-number", number("line 2, column 2", "nan"), () => read("1,2,0\n1,nan,1\n")],
    [
      "a missing label",
      "csv-label",
      "expected a label in line 2, column 2 of a.csv, got nothing; fill it in, or drop that line",
      () => read("1,0\n2,\n"),
    ],
    [
      "measurements as labels",
      "data-label",
      "expected labels in a.csv that are whole numbers from 0 to 99999, got 0.5 at y[0]; number the classes from 0",
      () => read("1,0.5\n2,1.5\n"),
    ],
    [
      "infinity",
      "data-not-finite",
      "expected finite float32 values in a.csv, got Infinity at x[1,0]; drop or fill such samples",
      () => read("1,0\n1e99,1\n"),
    ],
  ];
  it.each(rows)("%s: %s", async (...row) => expectRefusal(row));
});
