/** The examples run, stay short, and say what they are there to show. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/readme.ts";
import { runScripts } from "./script.ts";

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);

/** What must hold of each example's output. */
const LAWS: Readonly<Record<string, (out: string) => void>> = {
  "attack-a-model.ts": (out) => {
    const [clean, fgsm, pgd] = [/pgd: accuracy (\S+) on/, /fgsm: .* (\S+) within/, /pgd: .* (\S+) within/].map((p) => number(out, p));
    expect(clean).toBeGreaterThan(0.85);
    expect(fgsm!).toBeLessThan(clean! - 0.2);
    expect(pgd!).toBeLessThanOrEqual(fgsm!);
  },
  "harden-and-certify.ts": (out) => {
    const bounds = [...out.matchAll(/^(\w+), (\w+): (\S+) ≤ .* ≤ (\S+)$/gm)].map(([, model, method, low, high]) => {
      expect(Number(low)).toBeLessThanOrEqual(Number(high));
      return [`${model} ${method}`, Number(low)] as const;
    });
    const proven = new Map(bounds);
    expect(proven.size).toBe(4);
    expect(proven.get("hardened ibp")!).toBeGreaterThan(proven.get("standard ibp")!);
    for (const model of ["standard", "hardened"]) expect(proven.get(`${model} crown`)!).toBeGreaterThan(proven.get(`${model} ibp`)!);
  },
  "forge-points.ts": (out) => {
    expect(out.match(/^step \d+: D loss/gm)).toHaveLength(3);
    expect(number(out, /^from the file: (\d+) %/m)).toBeGreaterThan(50);
    expect(number(out, /, (\d) of 8 modes/m)).toBe(8);
  },
  "hessian-vector-product.ts": (out) => {
    expect(out).toContain("f [ 104 ] ∇f [ 396, 200 ] H·(1, 0) [ 402, 400 ]");
    expect(out).toContain("H·(1, 0) by hand [ 402, 400 ]");
    expect(out).toContain("H·(0, 1) [ 400, 200 ]");
  },
  "build-a-network.ts": (out) => {
    expect(out.match(/^epoch \d/gm)).toHaveLength(5);
    expect(number(out, /reads (\d+) of 500 test points/)).toBeGreaterThan(475);
  },
};

const folder = join(ROOT, "examples");
const examples = readdirSync(folder).filter((f) => f.endsWith(".ts"));

describe("examples", () => {
  it("all have a law", () => expect(examples.sort()).toEqual(Object.keys(LAWS).sort()));
  it.each(examples)("%s is under 100 lines", (file) => {
    expect(readFileSync(join(folder, file), "utf8").split("\n").length).toBeLessThan(100);
  });

  let printed: readonly string[] = [];
  beforeAll(async () => {
    printed = await runScripts(examples.map((file) => join(folder, file)));
  });
  it.each(examples.map((file, i) => [file, i] as const))("%s runs and keeps its law", (file, i) => LAWS[file]!(printed[i]!));
});
