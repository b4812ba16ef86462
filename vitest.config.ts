import { defineConfig } from "vitest/config";

// these replace a module, and measure the process
const ALONE = ["test/model/release.test.ts", "test/run/engine.test.ts"];

export default defineConfig({
  resolve: { conditions: ["source", "node"] },
  ssr: { resolve: { conditions: ["source", "node"] } },
  test: {
    // modules are loaded once for all files: nothing in them is global
    projects: [
      { extends: true, test: { name: "together", include: ["test/**/*.test.ts"], exclude: ALONE, isolate: false } },
      { extends: true, test: { name: "alone", include: ALONE } },
    ],
    globalSetup: ["test/build.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // onnxruntime's threads and vitest's would fight over the same cores
    pool: "forks",
    maxWorkers: 2,
    env: { COUNTERFOIL_THREADS: "1" },
    reporters: process.env.CI ? ["default", "./scripts/plain-summary.ts"] : ["default"],
  },
});
