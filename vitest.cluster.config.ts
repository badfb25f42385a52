import { defineConfig } from "vitest/config";

// The tests that need Dask (`npm run test:cluster`). One file at a time: each starts a scheduler and workers of its own.
export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    pool: "forks",
    // What is waited for comes late on a busy machine; a second, the default, is not what a test is about.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
