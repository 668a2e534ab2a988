import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // More than two cores have work for: many tests wait for processes and clocks.
    maxWorkers: 3,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // What the code logs while a test provokes errors is noise, unless that test fails.
    silent: "passed-only",
  },
});
