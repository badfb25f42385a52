import { configDefaults, defineConfig } from "vitest/config";

// Tests run against the built package: worker threads can only start from JavaScript (see CONTRIBUTING.md).
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Those need Dask and run by `npm run test:cluster`.
    exclude: [...configDefaults.exclude, "test/cluster/**"],
    pool: "forks",
    // What is waited for comes late on a busy machine; a second, the default, is not what a test is about.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
