// How does the runner make its container as empty as it was?
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { Answer } from "../protocol.ts";
import { quiesce } from "./quiesce.ts";
import type { Operation, ServeOptions } from "./serve.ts";

/**
 * A confined container's home, /tmp and /dev/shm are its own, and hostile code may have left a configuration there for
 * whoever comes next. Outside of a namespace they may be somebody's, so only the workspace is emptied.
 */
export async function clearDisks({ signal }: Operation, options: ServeOptions): Promise<Answer> {
  await quiesce(options);
  const { HOME, TMPDIR } = process.env;
  const own = options.confined ? [HOME, TMPDIR, "/dev/shm"] : [];
  for (const place of [options.workspace, ...own]) {
    if (place === undefined) continue;
    // A folder that its owner may not enter keeps what is in it. Neither program follows a link on its way down.
    await runToEnd(spawn("chmod", ["-R", "u+rwX", "--", place], { stdio: "ignore", signal }));
    await runToEnd(spawn("find", [place, "-mindepth", "1", "-delete"], { stdio: "ignore", signal }));
    const [left] = readdirSync(place);
    if (left !== undefined) return { kind: "failed", why: `${JSON.stringify(left)} cannot be removed` };
  }
  return { kind: "done" };
}

/** How it ended does not matter: what is left is looked for afterwards. */
async function runToEnd(child: ChildProcess): Promise<void> {
  child.on("error", () => undefined);
  await once(child, "close");
}
