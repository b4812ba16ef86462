import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source", "node"] },
  ssr: { resolve: { conditions: ["source", "node"] } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // onnxruntime's threads and vitest's would fight over the same cores
    pool: "forks",
    maxWorkers: 2,
    reporters: process.env.CI ? ["default", "./scripts/plain-summary.ts"] : ["default"],
  },
});
