// How does the model run commands? In a shell whose directory, variables and functions outlive each command.
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { RunResult } from "../../protocol.ts";
import type { Workspace } from "../../workspace.ts";
import { openClip } from "./clip.ts";
import { defineTool, fail, type Outcome, type Tool } from "./tool.ts";

export interface BashOptions {
  /** Variables that commands get beside the sandbox's own. */
  env?: Record<string, string>;
  /** Of one command; then it is killed, with everything that earlier ones have left running. */
  commandMs?: number;
  maxOutputBytes?: number;
}

const input = z.union([
  z.object({ restart: z.literal(true) }),
  z.object({ command: z.string().min(1), restart: z.literal(false).optional() }),
]);
/** For the runner to kill, to confirm and to answer. */
const graceMs = 30_000;

/**
 * Every command has a process of its own, which takes up where the last one ended. So there is no shell that could hang,
 * and none to lose: what a killed command would have changed in it just does not happen.
 */
export function openBash(workspace: Workspace, options: BashOptions = {}): Tool {
  const { env = {}, commandMs = 600_000, maxOutputBytes = 32 * 1024 } = options;
  const newState = () => `.drover-shell-${randomBytes(8).toString("hex")}`;
  let state = newState();
  return defineTool({
    name: "bash",
    type: "bash_20250124",
    input,
    limitMs: commandMs + graceMs,
    async run(wish, signal) {
      if ("command" in wish) {
        const clip = openClip(maxOutputBytes);
        const argv = ["bash", "--noprofile", "--norc", "-c", takeUp, "bash", state, wish.command];
        const result = await workspace.run(
          { argv, env, timeoutMs: commandMs },
          (_, chunk) => clip.write(chunk),
          signal,
        );
        return tell(result, clip.read(), commandMs);
      }
      await workspace.quiesce();
      state = newState();
      return { text: "The shell was started anew in the root of the repository; nothing runs any more." };
    },
  });
}

/** `$1` names the folder of the state, inside the sandbox; `$2` is the command. Written aside and renamed, so that no half state is read. */
const takeUp = `
__state=\${TMPDIR:-/tmp}/$1
[ -r "$__state/env" ] && . "$__state/env" 2>/dev/null
if [ -r "$__state/cwd" ] && IFS= read -r -d '' __cwd <"$__state/cwd" && ! cd -- "$__cwd" 2>/dev/null; then
  cd . && echo "[drover: $__cwd is gone; this runs in $PWD]"
fi
__keep() {
  mkdir -p -- "$__state" && { export -p; declare -f; } >"$__state/env.$$" && mv -f -- "$__state/env.$$" "$__state/env"
  printf '%s\\0' "$PWD" >"$__state/cwd"
}
trap '__keep 2>/dev/null' EXIT
eval "$2"
`;

function tell(result: RunResult, output: string, commandMs: number): Outcome {
  if (result.startFailure === "not_found") return fail("There is no bash in this sandbox.");
  if (result.startFailure === "too_long") {
    return fail("The command is too long for Linux. Write it to a file with the editor, and run that.");
  }
  if (result.startFailure) return fail(`The command could not be started: ${result.startFailure}.`);
  const full = result.diskFull ? ["[drover: the disk of the sandbox is full; remove what you do not need]"] : [];
  const notes = [...full, ...describeEnd(result, commandMs)].join("\n");
  const gap = notes === "" || output === "" || output.endsWith("\n") ? "" : "\n";
  return { text: `${output}${gap}${notes}` || "(no output)", failed: result.timedOut || result.cancelled };
}

function describeEnd({ timedOut, cancelled, signal, exitCode }: RunResult, commandMs: number): string[] {
  if (timedOut) {
    const seconds = commandMs / 1000;
    return [
      `[drover: killed after ${seconds} s, with everything that was left running; the shell is as it was before]`,
    ];
  }
  if (cancelled) return ["[drover: the command was cancelled]"];
  if (signal) return [`[ended by ${signal}]`];
  return exitCode === 0 ? [] : [`[exit code ${exitCode}]`];
}
