// Whose turn is it when agents take all the CPU? drover's: a kill must come through.
import { writeFileSync } from "node:fs";

const foremost = -20;

/**
 * Where the kernel shares the CPU between sessions (autogroups), niceness counts within a session alone: a hundred
 * sessions of an agent would get a hundred times drover's share. Only root may say otherwise. It is said of `pid`'s whole session.
 */
export function takePrecedence(pid: number | "self" = "self"): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(foremost));
  } catch {
    // Not root, or a kernel without autogroups, where the niceness of containers is enough.
  }
}
