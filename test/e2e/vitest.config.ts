import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: "../../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["*.e2e.ts"],
    globalSetup: ["../support/global-setup.ts", "./set-up.ts"],
    pool: "forks",
    // One browser and one stack at a time.
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
