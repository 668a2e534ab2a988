// How does bubblewrap get onto this machine? Only root on a Debian-like system can help itself here.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { installCommand } from "./diagnose.ts";
import { findProgram } from "./find-program.ts";
import { isRoot } from "./ordinary-user.ts";

export type Installation =
  | { kind: "present" }
  | { kind: "installed" }
  | { kind: "not_installed"; reason: string; command: string };

const run = promisify(execFile);
const aptMs = 300_000;

/** Installs bubblewrap if it is missing and we may. Changes the machine, so it says so before. */
export async function installBubblewrap(find = findProgram): Promise<Installation> {
  if (find("bwrap")) return { kind: "present" };
  const command = installCommand;
  const apt = find("apt-get");
  if (!apt)
    return { kind: "not_installed", reason: "this system has no apt-get; use its own package manager", command };
  if (!isRoot()) return { kind: "not_installed", reason: "only root can install packages", command };
  process.stderr.write("drover: installing bubblewrap with apt-get, to confine agents on this machine\n");
  const options = { timeout: aptMs, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  try {
    // The lists may be outdated, yet an update that fails for one source must not stop an install that would work.
    await run(apt, ["update"], options).catch(() => undefined);
    await run(apt, ["install", "-y", "--no-install-recommends", "bubblewrap"], options);
    return find("bwrap")
      ? { kind: "installed" }
      : { kind: "not_installed", reason: "apt-get reported success, yet there is no bwrap", command };
  } catch (error) {
    return { kind: "not_installed", reason: `apt-get failed: ${describeFailure(error)}`, command };
  }
}

function describeFailure(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string };
  return stderr?.trim().split("\n").at(-1) || message;
}
