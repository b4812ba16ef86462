/** The commands of verification as people type them, on a network of two inputs: y = max(x₀ + x₁, 0) − 1. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { input, type Value } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { draw } from "../verify/network.ts";
import { counterfoil, folder, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
const FOLDER = resolve(process.env.COUNTERFOIL_VNNCOMP ?? "../shared/vnncomp");
const present = existsSync(FOLDER);
if (!present) process.stderr.write(`test/cli/verify: no benchmarks at ${FOLDER} (COUNTERFOIL_VNNCOMP)\n`);

/** VNN-LIB 1: a counterexample has y ≥ above over [0, 1]². */
const vnnlib = (above: number | string, more = "") =>
  `(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)
   (assert (>= X_0 0))(assert (<= X_0 1))(assert (>= X_1 0))(assert (<= X_1 1))(assert (>= Y_0 ${above}))${more}`;

beforeAll(() => {
  const net = (weight: number, bend: "Relu" | "Floor" = "Relu") => {
    const e = builder();
    const x = input("float32", [1, 2], "x");
    const ones = e.constant({ dtype: "float32", shape: [2, 1], data: Float32Array.of(weight, 1) });
    const minusOne = e.constant({ dtype: "float32", shape: [1], data: Float32Array.of(-1) });
    return write({ inputs: [x], outputs: [e.Add(e.node(bend, [e.MatMul(x, ones)])[0]!, minusOne)] });
  };
  writeFileSync(at("model.onnx"), net(1));
  writeFileSync(at("nan.onnx"), net(Number.NaN));
  writeFileSync(at("floor.onnx"), net(1, "Floor"));
  writeFileSync(at("packed.onnx.gz"), gzipSync(net(1)));
  writeFileSync(at("huge.onnx"), "");
  // takes no room on the disk
  truncateSync(at("huge.onnx"), 3 * 2 ** 30);
  writeFileSync(at("sat.vnnlib"), vnnlib(0.9));
  writeFileSync(at("twice.vnnlib"), vnnlib(0.9, "(declare-const X_0 Real)"));
  writeFileSync(at("unsat.vnnlib"), vnnlib(1.5));
  writeFileSync(at("three.vnnlib"), vnnlib(0.9, "(declare-const X_2 Real)(assert (>= X_2 0))(assert (<= X_2 1))"));
  writeFileSync(at("open.vnnlib"), vnnlib(0.9).replace("(assert (<= X_1 1))", ""));
  writeFileSync(at("empty.vnnlib"), vnnlib(0.9, "(assert (>= X_0 2))"));
  writeFileSync(at("product.vnnlib"), vnnlib(0.9, "(assert (>= (* X_0 X_1) 1))"));
  writeFileSync(at("damaged.vnnlib"), Uint8Array.of(0x1f, 0x8b, 8, 0, 1));
  writeFileSync(at("stays.json"), JSON.stringify({ inputs: { around: [0.5, 0.5], within: 0.25 }, stays: [{ output: 0, below: 0.6 }] }));
  writeFileSync(
    at("query.vnnlib"),
    `(vnnlib-version <2.0>)
     (declare-network N (declare-input X Real [1,2]) (declare-output Y Real [1,1]))
     (assert (and (>= X[0,0] 0.0) (<= X[0,0] 1.0) (>= X[0,1] 0.0) (<= X[0,1] 1.0)))
     (assert (>= Y[0,0] 0.9))`,
  );
});

const verify = (model: string, property: string, ...more: string[]) => counterfoil(["verify", at(model), at(property), ...more]);

describe("verify", () => {
  test("prints unsat, and nothing else", async () => {
    const { code, out } = await verify("model.onnx", "unsat.vnnlib", "--timeout", "20");
    expect([code, out]).toEqual([0, "unsat\n"]);
  });

  test("speaks of float32 machines where it is asked to", async () => {
    const { code, out } = await verify("model.onnx", "unsat.vnnlib", "--semantics", "float32", "--json");
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { verdict: "unsat", semantics: "float32", counterexample: null, inputs: 2, outputs: 1 },
    ]);
  });

  test("prints sat and a counterexample, which replay confirms; one that is none it refuses", async () => {
    const { code, out } = await verify("model.onnx", "sat.vnnlib", "--counterexample", at("found.txt"));
    expect(code).toBe(0);
    expect(out).toMatch(/^sat\n\(\(X_0 [\d.e-]+\)\n\(X_1 [\d.e-]+\)\n\(Y_0 [\d.e-]+\)\)\n$/);
    expect(readFileSync(at("found.txt"), "utf8")).toBe(out);
    const valid = await counterfoil(["replay", at("model.onnx"), at("sat.vnnlib"), at("found.txt")]);
    expect([valid.code, valid.out]).toEqual([0, "valid\n"]);
    const other = await counterfoil(["replay", at("model.onnx"), at("unsat.vnnlib"), at("found.txt")]);
    expect([other.code, other.out]).toEqual([1, "invalid\n"]);
  });

  test("a requirement in JSON states what should hold", async () => {
    const { out } = await verify("model.onnx", "stays.json", "--json");
    expect(JSON.parse(out)).toMatchObject({ verdict: "unsat", property: { format: "json" } });
  });

  test("a requirement in JSON need not say how many outputs the model has", async () => {
    const e = builder();
    const x = input("float32", [1, 2], "x");
    const y = e.Add(x, e.constant({ dtype: "float32", shape: [1, 2], data: Float32Array.of(0, 2) }));
    writeFileSync(at("two.onnx"), write({ inputs: [x], outputs: [y] }));
    const inputs = { low: [0, 0], high: [1, 1] };
    writeFileSync(
      at("others.json"),
      JSON.stringify({
        inputs,
        stays: [
          { output: 1, above: "others" },
          { output: 0, below: 1.5 },
        ],
      }),
    );
    writeFileSync(at("first.json"), JSON.stringify({ inputs, stays: [{ output: 0, below: 0.5 }] }));
    expect((await verify("two.onnx", "others.json")).out).toBe("unsat\n");
    expect((await verify("two.onnx", "first.json")).out).toMatch(/^sat\n/);
  });

  test("a VNN-LIB 2 query names its network; its counterexample is an assignment", async () => {
    const { code, out } = await counterfoil(["verify", at("query.vnnlib"), "--network", `N=${at("model.onnx")}`]);
    expect(code).toBe(0);
    expect(out).toMatch(/^sat\nX Real \[1,2\]\n[\d.e-]+\n[\d.e-]+\nY Real \[1,1\]\n[\d.e-]+\n$/);
    writeFileSync(at("assignment.txt"), out);
    const replayed = await counterfoil(["replay", at("query.vnnlib"), at("assignment.txt"), "--network", `N=${at("model.onnx")}`]);
    expect([replayed.code, replayed.out]).toEqual([0, "valid\n"]);
  });

  test("an empty box holds no counterexample, and stderr says that it is empty", async () => {
    const { out, err } = await verify("model.onnx", "empty.vnnlib");
    expect(out).toBe("unsat\n");
    expect(err).toContain("the property's own constraints leave no input");
  });

  test("writes beside what is read and what others have, also through links", async () => {
    symlinkSync(at("model.onnx"), at("link.onnx"));
    const over = await verify("link.onnx", "sat.vnnlib", "--counterexample", at("model.onnx"));
    expect([over.code, sentence(over)]).toEqual([2, expect.stringContaining("which is read")]);
    writeFileSync(at("found.txt.probe"), "theirs");
    await verify("model.onnx", "sat.vnnlib", "--counterexample", at("found.txt"));
    expect(readFileSync(at("found.txt.probe"), "utf8")).toBe("theirs");
  });

  test.each([
    ["floor.onnx", /Floor/],
    ["nan.onnx", /NaN|finite/],
  ])("%s is unknown, and stderr says why", async (file, why) => {
    const { code, out, err } = await verify(file, "unsat.vnnlib", "--timeout", "5");
    expect([code, out]).toEqual([0, "unknown\n"]);
    expect(err).toMatch(why);
  });

  test.skipIf(!present)("threads go on with what takes longer than a moment", async () => {
    const acas = ["acasxu/onnx/ACASXU_run2a_1_1_batch_2000.onnx", "acasxu/vnnlib/prop_5.vnnlib"].map((p) => join(FOLDER, p));
    const { code, out } = await counterfoil(["verify", ...acas, "--threads", "2", "--timeout", "60"]);
    expect([code, out]).toEqual([0, "unsat\n"]);
  });

  test("threads know curves", async () => {
    const e = builder();
    const x = input("float32", [1, 6], "x");
    let y: Value = x;
    for (let k = 0; k < 3; k++) y = e.Sigmoid(e.MatMul(y, e.constant(draw([y.type.shape[1]!, 30], k, 0.8))));
    writeFileSync(at("curves.onnx"), write({ inputs: [x], outputs: [e.MatMul(y, e.constant(draw([30, 1], 3)))] }));
    writeFileSync(
      at("hard.json"),
      JSON.stringify({ inputs: { low: Array(6).fill(-9), high: Array(6).fill(9) }, stays: [{ output: 0, below: 12 }] }),
    );
    // hard enough that the search goes on once they are there
    const { code, out } = await verify("curves.onnx", "hard.json", "--threads", "2", "--timeout", "5");
    expect(code).toBe(0);
    expect(out).toMatch(/^(timeout|unsat)\n$/);
  });
});

describe.skipIf(!present)("ends", () => {
  const hard = ["acasxu/onnx/ACASXU_run2a_3_3_batch_2000.onnx", "acasxu/vnnlib/prop_2.vnnlib"].map((p) => join(FOLDER, p));

  test("when the time is up, of which starting is a part", async () => {
    const start = performance.now();
    const { code, out } = await counterfoil(["verify", ...hard, "--timeout", "2", "--threads", "2", "--json"]);
    expect((performance.now() - start) / 1000).toBeLessThan(4);
    expect([code, JSON.parse(out)]).toMatchObject([0, { verdict: "timeout" }]);
  });

  test("where memory does", async () => {
    const { code, out, err } = await counterfoil(["verify", ...hard, "--memory", "1", "--threads", "1", "--timeout", "20"]);
    expect([code, out]).toEqual([0, "unknown\n"]);
    expect(err).toContain("more than 1 MiB; allow more with --memory");
  });

  test.each([
    ["1", /verifying/],
    ["2", /parts bounded/],
  ])("on Ctrl-C, with %s threads", async (threads, interruptAt) => {
    const env = { COUNTERFOIL_PROGRESS_SECONDS: "2" };
    const finished = await counterfoil(["verify", ...hard, "--threads", threads, "--timeout", "60"], { env, interruptAt });
    expect([finished.code, finished.out]).toEqual([130, ""]);
    expect(sentence(finished)).toContain("interrupted before it was done");
  });
});

describe("proofs", () => {
  const prove = (...more: string[]) => verify("model.onnx", "unsat.vnnlib", "--proof", at("proof.json"), ...more);
  const check = (model: string, property: string, ...more: string[]) =>
    counterfoil(["check-proof", at(model), at(property), at("proof.json"), ...more]);

  test("are written where the verdict is unsat, and checked", async () => {
    const written = await prove();
    expect([written.code, written.out]).toEqual([0, "unsat\n"]);
    expect(JSON.parse(readFileSync(at("proof.json"), "utf8"))).toMatchObject({ format: "counterfoil-proof-1", semantics: "real" });
    const valid = await check("model.onnx", "unsat.vnnlib");
    expect([valid.code, valid.out]).toEqual([0, "valid\n"]);
    expect(JSON.parse((await check("model.onnx", "unsat.vnnlib", "--json")).out)).toMatchObject({ valid: true, why: null, leaves: 1 });
    const other = await check("model.onnx", "sat.vnnlib");
    expect([other.code, other.out]).toEqual([1, expect.stringMatching(/^invalid: it was written for another property/)]);
    const another = await check("floor.onnx", "unsat.vnnlib");
    expect([another.code, sentence(another)]).toEqual([2, expect.stringContaining("Floor")]);
  });

  test("where memory is short the verdict is unknown", async () => {
    const e = builder();
    const x = input("float32", [1, 2], "x");
    const y = e.Relu(e.MatMul(x, e.constant(draw([2, 3000], 1))));
    writeFileSync(at("large.onnx"), write({ inputs: [x], outputs: [e.MatMul(y, e.constant(draw([3000, 1], 2)))] }));
    const { code, out, err } = await verify("large.onnx", "unsat.vnnlib", "--memory", "1", "--proof", at("large.json"));
    expect([code, out], err).toEqual([0, "unknown\n"]);
    expect(err).toContain("--memory allows");
  });

  test("are not written where there is none", async () => {
    const { code, out, err } = await verify("model.onnx", "sat.vnnlib", "--proof", at("none.json"));
    expect([code, out.split("\n")[0], existsSync(at("none.json"))]).toEqual([0, "sat", false]);
    expect(err).toContain("sat leaves no proof");
  });
});

describe("what is wrong is said in one sentence", () => {
  test.each([
    ["a proof of a floor", ["verify", at("floor.onnx"), at("unsat.vnnlib"), "--proof", at("no.json")], "Floor"],
    ["no proof's file", ["check-proof", at("model.onnx"), at("unsat.vnnlib"), at("model.onnx")], "JSON"],
    ["no proof", ["check-proof", at("model.onnx"), at("unsat.vnnlib")], "a proof's file as the last word"],
    ["other sizes", ["verify", at("model.onnx"), at("three.vnnlib")], "a property over the 2 inputs"],
    ["unbounded", ["verify", at("model.onnx"), at("open.vnnlib")], "X_1 without a bound above"],
    ["a product", ["verify", at("model.onnx"), at("product.vnnlib")], "linear"],
    ["damaged gzip", ["verify", at("model.onnx"), at("damaged.vnnlib")], "a whole gzip file"],
    ["no time", ["verify", at("model.onnx"), at("sat.vnnlib"), "--timeout", "0"], "--timeout to be a number > 0"],
    ["negative time", ["verify", at("model.onnx"), at("sat.vnnlib"), "--timeout=-1"], "--timeout to be a number > 0"],
    ["time in words", ["verify", at("model.onnx"), at("sat.vnnlib"), "--timeout", "soon"], "got “soon”"],
    ["a property that is nowhere", ["verify", at("model.onnx"), at("nowhere.vnnlib")], "nowhere.vnnlib"],
    ["a model that is nowhere", ["verify", at("nowhere.onnx"), at("sat.vnnlib")], "nowhere.onnx"],
    ["a folder for a property", ["verify", at("model.onnx"), dir], dir],
    ["a folder for a model", ["verify", dir, at("sat.vnnlib")], `a file at ${dir}, got a folder`],
    ["a packed model", ["verify", at("packed.onnx.gz"), at("sat.vnnlib")], "gunzip"],
    ["a model beyond what fits", ["verify", at("huge.onnx"), at("sat.vnnlib")], "more than 2 GiB"],
    ["a variable declared twice", ["verify", at("model.onnx"), at("twice.vnnlib")], "each variable declared once"],
    [
      "a network without a name",
      ["verify", at("query.vnnlib"), "--network", at("model.onnx")],
      "QUERY.vnnlib --network NAME=MODEL.onnx, got",
    ],
    ["a query without --network", ["verify", at("query.vnnlib")], "--network NAME=MODEL.onnx"],
    ["two lists at once", ["supports", "--onnx-operators", "--vnnlib-versions"], "one list at a time"],
    ["no property", ["verify", at("model.onnx")], "MODEL.onnx PROPERTY.vnnlib"],
    ["another network's name", ["verify", at("query.vnnlib"), "--network", `M=${at("model.onnx")}`], "--network N=MODEL.onnx"],
    ["no counterexample", ["replay", at("model.onnx"), at("sat.vnnlib")], "a counterexample's file as the last word"],
    ["a folder without instances", ["vnncomp", dir], "a file at"],
    [
      "no counterexample's name",
      ["verify", at("model.onnx"), at("sat.vnnlib"), "--counterexample", "--json"],
      "a value after --counterexample",
    ],
    ["no proof's name", ["verify", at("model.onnx"), at("unsat.vnnlib"), "--proof"], "a value after --proof, got nothing"],
    ["an empty name", ["verify", at("model.onnx"), at("unsat.vnnlib"), "--proof="], "a file to write"],
  ])("%s", async (_, args, part) => {
    const finished = await counterfoil(args);
    expect(finished.code).toBe(2);
    expect(sentence(finished)).toContain(part);
  });
});

describe("vnncomp", () => {
  test("counts, compares, writes a table and goes on from it", async () => {
    writeFileSync(at("instances.csv"), "model.onnx,sat.vnnlib,20\n./model.onnx,unsat.vnnlib,20\nfloor.onnx,unsat.vnnlib,20\n");
    writeFileSync(at("truth.csv"), "onnx,vnnlib,result\nmodel.onnx,sat.vnnlib,sat\nmodel.onnx,unsat.vnnlib,unsat\n");
    const run = (...more: string[]) =>
      counterfoil(["vnncomp", dir, "--truth", at("truth.csv"), "--csv", at("out.csv"), "--jobs", "1", ...more]);
    const first = await run();
    expect([first.code, first.out]).toEqual([
      0,
      expect.stringMatching(/^1 sat, 1 unsat, 1 unsolved; of those with a known answer 2 right, 0 wrong;/),
    ]);
    const rows = readFileSync(at("out.csv"), "utf8").trim().split("\n");
    expect(rows[0]).toBe("onnx,vnnlib,limit,result,seconds,truth");
    expect(rows.slice(1).map((r) => r.split(",")[3])).toEqual(["sat", "unsat", "unknown"]);
    // two rows are there: one is left to do
    writeFileSync(at("out.csv"), `${rows.slice(0, 3).join("\n")}\n`);
    const again = await run("--json");
    expect(again.err).toContain("2 of 3 instances are in");
    expect(JSON.parse(again.out)).toMatchObject({ instances: 3, sat: 1, unsat: 1, unsolved: 1, right: 2, wrong: 0 });
    // interrupted, it says that it goes on
    writeFileSync(at("out.csv"), `${rows[0]}\n`);
    const stopped = await counterfoil(["vnncomp", dir, "--csv", at("out.csv"), "--jobs", "1"], { interruptAt: /verifying 3 instances/ });
    expect([stopped.code, sentence(stopped)]).toEqual([130, expect.stringContaining("the same command goes on where it was")]);
    expect(readFileSync(at("out.csv"), "utf8").split("\n")[0]).toBe(rows[0]);
    writeFileSync(at("out.csv"), `${rows.join("\n")}\n`);
    writeFileSync(at("truth.csv"), "onnx,vnnlib,result\nmodel.onnx,sat.vnnlib,unsat\n");
    const wrong = await run();
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining("model.onnx sat.vnnlib is unsat, not sat")]);
  });
});

test("vnncomp keeps what it is not asked about, tries errors again, and wants something to do", async () => {
  const own = folder();
  const run = (...more: string[]) => counterfoil(["vnncomp", own, "--csv", join(own, "out.csv"), "--jobs", "1", ...more]);
  const results = () =>
    readFileSync(join(own, "out.csv"), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((row) =>
        row
          .split(",")
          .slice(1, 4)
          .filter((_, i) => i !== 1),
      );
  // longer than any timer waits
  writeFileSync(join(own, "instances.csv"), "model.onnx,sat.vnnlib,1e9\nmodel.onnx,unsat.vnnlib,20\n");
  for (const name of ["model.onnx", "sat.vnnlib"]) writeFileSync(join(own, name), readFileSync(at(name)));
  await run("--only", ",sat");
  await run("--only", "unsat");
  expect(results()).toEqual([
    ["sat.vnnlib", "sat"],
    ["unsat.vnnlib", "error"],
  ]);
  writeFileSync(join(own, "unsat.vnnlib"), readFileSync(at("unsat.vnnlib")));
  await run();
  expect(results()).toEqual([
    ["sat.vnnlib", "sat"],
    ["unsat.vnnlib", "unsat"],
  ]);
  const nothing = await run("--only", "another");
  expect([nothing.code, sentence(nothing)]).toEqual([2, expect.stringContaining("whose line holds “another”")]);
});

describe("the competition's scripts", () => {
  const script = (name: string, ...args: string[]) =>
    spawnSync(join(import.meta.dirname, "../../scripts/vnncomp", name), ["v1", "test", ...args]).status;

  test("write the verdict, and the counterexample after sat", () => {
    for (const [property, first] of [
      ["sat.vnnlib", /^sat\n\(\(X_0 /],
      ["unsat.vnnlib", /^unsat\n$/],
    ] as const) {
      expect(script("prepare_instance.sh", at("model.onnx"), at(property))).toBe(0);
      expect(script("run_instance.sh", at("model.onnx"), at(property), at("result.txt"), "20")).toBe(0);
      expect(readFileSync(at("result.txt"), "utf8")).toMatch(first);
    }
  });

  test("say error where there is one, and what is missing before the time runs", () => {
    expect(script("run_instance.sh", at("model.onnx"), at("three.vnnlib"), at("result.txt"), "20")).toBe(0);
    expect(readFileSync(at("result.txt"), "utf8")).toBe("error\n");
    expect(script("prepare_instance.sh", at("model.onnx"), at("nowhere.vnnlib"))).toBe(1);
  });
});
