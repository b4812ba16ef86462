/** The README's table of where it runs: WebAssembly in Node, and what a bundler makes for browsers, run in Node. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ROOT } from "../../scripts/readme.ts";
import { runScript } from "./script.ts";

const folder = join(ROOT, "runs", `where-${process.pid}`);
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A second derivative, a training, an attack on the written file. */
const program = (device: string) => `
import { attack, builder, evaluate, fit, gradOf, input, linf, nn, numbers, openClassifier, pgd, seedKey, tensor, toy, write } from "counterfoil";

const run = { device: "${device}", threads: 1 } as const;
const e = builder();
const x = input("float32", [2], "x");
const [slope] = gradOf(e, nn.sum(e, e.Mul(x, e.Mul(x, x))), [x]);
const [bend] = gradOf(e, nn.sum(e, slope!), [x]);
const curvature = numbers((await evaluate([bend!], new Map([[x, tensor([1, 2], [2])]]), run))[0]!);

const moons = toy("moons", seedKey(0), 1_000);
const network = nn.sequential(nn.dense(16), nn.relu(), nn.dense(2))(moons.inputShape, seedKey(0));
const { graph, runtime } = await fit(network, moons, moons, { ...run, epochs: 4, batch: 50 });
const model = await openClassifier(write(graph), run);
const { cleanAccuracy, robustAccuracy } = await attack(
  model,
  { x: moons.x, labels: moons.y },
  { ...run, attack: pgd({ steps: 10 }), norm: linf, epsilon: 0.2, range: moons.range },
);
console.log(JSON.stringify({ runtime, curvature, cleanAccuracy, robustAccuracy }));
`;

function check(out: string, runtime: RegExp): void {
  const result = JSON.parse(out.split("\n").at(-1)!);
  expect(result.runtime).toMatch(runtime);
  expect(result.curvature).toEqual([6, 12]);
  expect(result.cleanAccuracy).toBeGreaterThan(0.75);
  expect(result.robustAccuracy).toBeLessThan(result.cleanAccuracy - 0.05);
}

it("runs on WebAssembly in Node", async () => {
  const path = join(folder, "wasm.ts");
  writeFileSync(path, program("wasm"));
  check(await runScript(path, folder), /^onnxruntime-web .* wasm/);
}, 180_000);

it("is bundled for browsers without anything of Node's, and the bundle runs", async () => {
  // esbuild is tsx's own
  const tsx = createRequire(createRequire(import.meta.url).resolve("tsx/package.json"));
  const path = join(folder, "bundle.mjs");
  const entry = join(folder, "entry.ts");
  writeFileSync(entry, program("cpu"));
  await tsx("esbuild").build({
    entryPoints: [entry],
    outfile: path,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["source"],
    external: ["onnxruntime-web/*"],
    logLevel: "silent",
  });
  expect(readFileSync(path, "utf8")).not.toMatch(/from ?"node:|import\("node:|require\("/);
  // Node waits at exit until the 25 MB of WebAssembly are optimised, half a minute, unless they never are
  check(await runScript(path, folder, ["--liftoff-only"]), /^onnxruntime-web/);
}, 180_000);
