/** What npm would publish, installed in an empty folder: the command, the imports and the types work, with and without the native runtime. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { classifier, inferenceGraph } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";

const root = resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "counterfoil-pack-"));
// as the README says where only the npm registry can be reached
const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", NODE_OPTIONS: "" };

function sh(command: string, args: readonly string[], cwd = dir): { out: string; err: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (error) throw error;
  expect(status, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
  return { out: stdout, err: stderr };
}

beforeAll(() => {
  // without the build of `prepack`: test/build.ts has made it, and other tests are running it
  const { out } = sh("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", dir], root);
  const [{ filename, files }] = JSON.parse(out.slice(out.indexOf("[")));
  const names = files.map((f: { path: string }) => f.path);
  expect(names).toEqual(expect.arrayContaining(["dist/cli/main.js", "models/mnist-cnn.onnx"]));
  expect(names.filter((n: string) => !/^((dist|models)\/|README\.md|LICENSE|CHANGELOG\.md|package\.json)/.test(n))).toEqual([]);
  writeFileSync(join(dir, "package.json"), JSON.stringify({ private: true, type: "module" }));
  sh("npm", ["install", filename, "--prefer-offline", "--no-audit", "--no-fund"]);
  const layer = classifier("cnn", [1, 8, 8], 3, 0);
  writeFileSync(join(dir, "model.onnx"), write(inferenceGraph(layer, layer.params)));
}, 300_000);

test("the command runs", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(sh("npx", ["counterfoil", "--version"]).out.trim()).toBe(version);
  const report = JSON.parse(sh("npx", ["counterfoil", "inspect", "model.onnx", "--json"]).out);
  expect(report).toMatchObject({ opset: 21, differentiable: true, gradientCheck: { ok: true } });
  expect(report.runtime).toMatch(/onnxruntime-node/);
});

const PROGRAM = `import { load, attack, pgd, linf, tensor, type AttackResult } from "counterfoil";
import { builder, gradOf } from "counterfoil/pass";
import { evaluate } from "counterfoil/run";
const model = await load("model.onnx", { threads: 1 });
const x = tensor(new Float32Array(128).fill(0.5), [2, 1, 8, 8]);
const result: AttackResult = await attack(model, { x, labels: [0, 1] }, { attack: pgd({ steps: 3 }), norm: linf, epsilon: 0.1 });
const e = builder();
const v = e.constant(tensor([3], [1]));
const [y] = await evaluate([e.Mul(v, v)]);
console.log(JSON.stringify({ n: result.n, y: y!.data[0], gradients: typeof gradOf, runtime: result.runtime }));
`;

test("imports and types", () => {
  writeFileSync(join(dir, "use.ts"), PROGRAM);
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2023",
        module: "nodenext",
        strict: true,
        skipLibCheck: false,
        types: [],
        lib: ["es2023", "dom"],
        outDir: "out",
      },
      include: ["use.ts"],
    }),
  );
  sh(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
  const said = JSON.parse(sh(process.execPath, ["out/use.js"]).out);
  expect(said).toMatchObject({ n: 2, y: 9, gradients: "function" });
});

test("without the native runtime it runs on WebAssembly, and says how to get the fast one", () => {
  rmSync(join(dir, "node_modules/onnxruntime-node"), { recursive: true });
  const { out, err } = sh(process.execPath, ["out/use.js"]);
  expect(JSON.parse(out)).toMatchObject({ n: 2, y: 9 });
  expect(JSON.parse(out).runtime).toMatch(/onnxruntime-web/);
  expect(err).toMatch(/running on WebAssembly.*ONNXRUNTIME_NODE_INSTALL=skip npm i onnxruntime-node/);
});
