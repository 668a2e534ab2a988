// Can this machine confine a container? Found out by confining one, not by looking at version numbers.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { spawnConfined } from "./confined.ts";
import { type Diagnosis, diagnose, type MachineFacts } from "./diagnose.ts";
import { findProgram } from "./find-program.ts";
import { giveBackUid, isRoot, takeUid } from "./ordinary-user.ts";

export type Isolation =
  | { kind: "confined"; bubblewrapVersion: string; warnings: string[] }
  | ({ kind: "impossible" } & Diagnosis);

const run = promisify(execFile);

/** What must be true inside, word for word as in /proc/self/status: no capability, none to gain, and the call filter. */
const promises = ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"];

export async function probeIsolation(): Promise<Isolation> {
  const facts = gatherFacts();
  if (facts.platform !== "linux" || !facts.bubblewrapPath) return { kind: "impossible", ...diagnose("", facts) };
  const { output, exitCode } = await confineOnce();
  if (exitCode !== 0) return { kind: "impossible", ...diagnose(output, facts) };
  const broken = promises.find((promise) => !output.includes(promise));
  if (broken) return { kind: "impossible", ...diagnose(`inside, "${broken}" does not hold`, facts) };
  const bubblewrapVersion = await readVersion(facts.bubblewrapPath);
  return { kind: "confined", bubblewrapVersion, warnings: listWarnings(bubblewrapVersion) };
}

/** The same arguments, filter, limits and kind of uid as a real container, without its disks. */
async function confineOnce(): Promise<{ output: string; exitCode: number | undefined }> {
  const uid = takeUid();
  try {
    const options = { uid, diesWithParent: true, output: "pipe" } as const;
    const { child, ended } = spawnConfined({ environment: {} }, ["cat", "/proc/self/status"], options);
    const failed = new Promise<string>((resolve) => child.once("error", (error) => resolve(error.message)));
    const output = await Promise.race([child.stdout ? text(child.stdout) : "", failed]);
    return { output, exitCode: await ended };
  } catch (error) {
    return { output: (error as Error).message, exitCode: undefined };
  } finally {
    giveBackUid(uid);
  }
}

function gatherFacts(): MachineFacts {
  const maxUserNamespaces = readSetting("/proc/sys/user/max_user_namespaces");
  const unprivileged = readSetting("/proc/sys/kernel/unprivileged_userns_clone");
  return {
    platform: process.platform,
    bubblewrapPath: findProgram("bwrap"),
    insideContainer: ["/.dockerenv", "/run/.containerenv"].some((path) => existsSync(path)),
    appArmorRestricts: readSetting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === 1,
    maxUserNamespaces,
    unprivilegedAllowed: unprivileged === undefined ? undefined : unprivileged === 1,
    asRoot: isRoot(),
  };
}

function readSetting(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined; // this kernel does not have it, or hides it: then it decides nothing
  }
}

async function readVersion(bubblewrapPath: string): Promise<string> {
  const { stdout } = await run(bubblewrapPath, ["--version"]);
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim();
}

function listWarnings(version: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 0 || minor >= 12) return [];
  return [
    `bubblewrap ${version} has CVE-2026-87766 (mount points below a directory that the agent writes, fixed in 0.12.0). ` +
      "drover makes none, so its sandboxes are not affected; update it when your system offers a newer one.",
  ];
}
