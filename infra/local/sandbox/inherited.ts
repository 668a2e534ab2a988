// Which open files would a child get from us without being asked? Those that whoever started drover left open.

import type { StdioOptions } from "node:child_process";
import { openSync, readdirSync, readFileSync } from "node:fs";

type Stdio = Extract<StdioOptions, readonly unknown[]>;

const closeOnExec = 0o2000000;
let devNull: number | undefined;

/**
 * Node opens its own files close-on-exec, but hands on what it inherited itself (editors and shells leave such files
 * open), and an agent must not hold a file of the host. Node cannot close them in the child: so /dev/null covers them.
 */
export function coverInherited(stdio: Stdio): Stdio {
  const covered = [...stdio];
  for (const descriptor of listInherited()) {
    if (descriptor < stdio.length) continue;
    while (covered.length < descriptor) covered.push("ignore");
    devNull ??= openSync("/dev/null", "r+");
    covered[descriptor] = devNull;
  }
  return covered;
}

function listInherited(): number[] {
  return readdirSync("/proc/self/fd").map(Number).filter(isHandedOn);
}

function isHandedOn(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false; // closed meanwhile, as the one that listed the directory always is
  }
}
