// Are SST's components here? They lie in the CLI, which unpacks them and has their packages installed. Needs npm's registry, and no AWS.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cliSwitches, platform, root, sstCli } from "./sst-platform.ts";

/** The release that SST pins; it keeps to SST's own lockfile, which npm does not. */
const bun = join(root, "node_modules/@oven/bun-linux-x64-baseline/bin/bun");

/** Written last by the CLI, so that an install which was cut short is not taken for a whole one. */
const lock = join(root, ".sst/provider-lock.json");

function isInstalled(): boolean {
  if (!existsSync(lock) || !existsSync(join(platform, "node_modules/@pulumi/aws"))) return false;
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/sst/package.json"), "utf8")) as {
    version: string;
  };
  const providers = JSON.parse(readFileSync(lock, "utf8")) as { alias: string; version: string }[];
  const config = readFileSync(join(root, "sst.config.ts"), "utf8");
  return (
    readFileSync(join(platform, "version"), "utf8").trim() === version &&
    providers.every(({ alias, version: pinned }) => config.includes(`${alias}: "${pinned}"`))
  );
}

const environment = {
  ...process.env,
  ...cliSwitches,
  ...(existsSync(bun) ? { SST_BUN_PATH: bun } : { SST_NO_BUN: "1" }),
};

/** Answers what went wrong, if anything did. */
function install(): string | undefined {
  if (!existsSync(sstCli)) return "its CLI is not in node_modules. Run npm ci.";
  const { status, stdout, stderr, error } = spawnSync(sstCli, ["install", "--stage", "ci", "--print-logs"], {
    cwd: root,
    env: environment,
    encoding: "utf8",
    timeout: 300_000,
  });
  if (status === 0) return undefined;
  rmSync(lock, { force: true });
  return [stdout, stderr, error?.message].filter(Boolean).join("\n");
}

/** Answers what went wrong, if anything did. A registry may fail once. */
export function ensurePlatform(): string | undefined {
  const failure = isInstalled() ? undefined : install() && install();
  return failure && `SST's components could not be installed, so what is deployed cannot be checked:\n${failure}`;
}

if (import.meta.main) {
  const failure = ensurePlatform();
  if (failure) {
    console.error(failure);
    process.exitCode = 1;
  }
}
