// What does this machine lack for an attack or its control?
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findProgram } from "../../infra/local/sandbox/find-program.ts";
import { isRoot } from "../../infra/local/sandbox/ordinary-user.ts";
import type { Need } from "./vector.ts";

export function listMissing(needs: readonly Need[] = []): Need[] {
  return needs.filter((need) => !has(need));
}

function has(need: Need): boolean {
  switch (need) {
    case "root":
      return isRoot();
    case "x64":
      return process.arch === "x64";
    case "old bubblewrap":
      return isBubblewrapOld();
    case "ipv6":
      return existsSync("/proc/net/if_inet6");
    default:
      return findProgram(need) !== undefined;
  }
}

/** Before 0.12.0 it follows links where it makes mount points (CVE-2026-87766). */
function isBubblewrapOld(): boolean {
  const bubblewrap = findProgram("bwrap");
  if (!bubblewrap) return false;
  const [, minor] = /(\d+)\.(\d+)/.exec(execFileSync(bubblewrap, ["--version"], { encoding: "utf8" }))?.slice(1) ?? [];
  return Number(minor) < 12;
}
