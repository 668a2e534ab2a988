// Where do SST's components and tools lie, and how is its CLI kept from fetching more?
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");
export const platform = join(root, ".sst/platform");
export const sstCli = join(root, "node_modules/.bin/sst");

/** Undocumented switches of the CLI: without them it fetches Pulumi's engine and bun first, from other places. */
export const cliSwitches = {
  SST_SKIP_DEPENDENCY_CHECK: "true",
  SST_TELEMETRY_DISABLED: "1",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** The one that SST brings along; no other is here. It is there once `ensurePlatform` has been. */
export const openEsbuild = <Esbuild>(): Esbuild => createRequire(join(platform, "package.json"))("esbuild");
