/**
 * The files of the verification competition, which have no licence and so do not lie in this repository: a folder of benchmarks,
 * with the counterexamples (cex.jsonl) that were replayed on onnxruntime. COUNTERFOIL_VNNCOMP says where it is.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { size } from "../../../src/base/index.ts";
import { read as readModel } from "../../../src/onnx/index.ts";
import { builder } from "../../../src/pass/index.ts";
import { holds, type Query, rational, readSpecification, within } from "../../../src/verify/spec/index.ts";

const FOLDER = process.env.COUNTERFOIL_VNNCOMP ?? resolve(import.meta.dirname, "../../../../shared/vnncomp");
const isThere = existsSync(join(FOLDER, "cex.jsonl"));
// the reporter counts what is skipped, and does not say why
if (!isThere) process.stderr.write(`skipped: no ${FOLDER}/cex.jsonl; set COUNTERFOIL_VNNCOMP to the folder of benchmarks\n`);

interface Counterexample {
  readonly benchmark: string;
  readonly vnnlib: string;
  readonly source: string;
  readonly x: number[];
  readonly y: number[];
}

/** Files are named without the .gz that some have. */
const fileAt = (path: string) => readFileSync(existsSync(path) ? path : `${path}.gz`);

const queries = new Map<string, Promise<Query>>();
function query(path: string): Promise<Query> {
  const known = queries.get(path) ?? readSpecification(fileAt(path), path);
  queries.set(path, known);
  return known;
}

const benchmarks = isThere ? readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, "instances.csv"))) : [];
const instances = benchmarks.flatMap((benchmark) =>
  readFileSync(join(FOLDER, benchmark, "instances.csv"), "utf8")
    .split("\n")
    .filter((line) => line.includes(","))
    .map((line) => {
      const [onnx, vnnlib] = line.trim().split(",") as [string, string];
      return { benchmark, onnx: join(FOLDER, benchmark, onnx), vnnlib: join(FOLDER, benchmark, vnnlib) };
    }),
);

describe.skipIf(!isThere)("files of the competition", () => {
  test("every file is read", async () => {
    const files = benchmarks.flatMap((name) =>
      readdirSync(join(FOLDER, name), { recursive: true, encoding: "utf8" })
        .filter((f) => /\.vnnlib(\.gz)?$/.test(f))
        .map((f) => join(FOLDER, name, f.replace(/\.gz$/, ""))),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const { specification, format } = await query(file);
      expect(format, file).toBe("vnnlib 1");
      expect(specification.regions.length, file).toBeGreaterThan(0);
      for (const region of specification.regions) {
        expect(region.disjuncts.length, file).toBeGreaterThan(0);
        expect(within(region), `a float32 point in every box of ${file}`).not.toBeNull();
      }
    }
  });

  test("as many inputs and outputs as the network has", async () => {
    const known = new Map<string, readonly [number, number]>();
    for (const { onnx, vnnlib } of instances) {
      if (!existsSync(onnx)) continue;
      if (!known.has(onnx)) {
        const { inputs, outputs } = readModel(readFileSync(onnx), builder());
        known.set(onnx, [size(inputs[0]!.type.shape), size(outputs[0]!.type.shape)]);
      }
      const { specification } = await query(vnnlib);
      expect([specification.inputs, specification.outputs], `${onnx} and ${vnnlib}`).toEqual(known.get(onnx));
    }
    expect(known.size).toBeGreaterThan(0);
  });

  /** Of those that were replayed, what `decimals` makes of each. */
  async function judged(decimals: "exact" | "float64") {
    const known = new Map<string, Promise<Query>>();
    const lines = readFileSync(join(FOLDER, "cex.jsonl"), "utf8").trim().split("\n");
    const all = lines.map((line) => JSON.parse(line) as Counterexample).filter(({ benchmark }) => benchmarks.includes(benchmark));
    expect(all.length).toBeGreaterThan(0);
    return Promise.all(
      all.map(async (cex) => {
        const path = join(FOLDER, cex.benchmark, cex.vnnlib);
        const query = known.get(path) ?? readSpecification(fileAt(path), path, { decimals });
        known.set(path, query);
        const { specification } = await query;
        return { ...cex, specification, found: holds(specification, cex.x, cex.y) };
      }),
    );
  }

  test("every counterexample that was replayed holds, with decimals read as the competition reads them", async () => {
    for (const { found, source, vnnlib, specification, x, y } of await judged("float64")) {
      expect(found, `${source} on ${vnnlib}`).not.toBeNull();
      expect(holds(specification, [x[0]! + 1e9, ...x.slice(1)], y)).toBeNull();
    }
  });

  test("taken exactly, those that fail lie outside by less than a float64 resolves, and nothing else is wrong", async () => {
    for (const { found, source, vnnlib, specification, x, y } of await judged("exact")) {
      if (found) continue;
      const widened = specification.regions.map(({ low, high, disjuncts }) => {
        const room = rational.parse("1e-16")!;
        return { low: low.map((v) => rational.subtract(v, room)), high: high.map((v) => rational.add(v, room)), disjuncts };
      });
      expect(holds({ ...specification, regions: widened }, x, y), `${source} on ${vnnlib}`).not.toBeNull();
    }
  });
});
