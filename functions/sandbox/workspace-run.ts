// How does the supervisor run one command in the workspace and follow its output?
import { maxJsonBytes } from "./frames.ts";
import { type OutputStream, type Request, type RunResult, requestSchema, streamCodes } from "./protocol.ts";
import { WorkspaceError } from "./workspace-error.ts";
import type { Line, Turn } from "./workspace-line.ts";

export interface Command {
  /** No shell: the program and its arguments. */
  argv: string[];
  env?: Record<string, string>;
  timeoutMs: number;
  /** Relative to the workspace, which is the default. */
  cwd?: string;
}
export type OnOutput = (stream: OutputStream, chunk: Buffer) => void;

const notStarted: RunResult = { exitCode: null, signal: null, timedOut: false, cancelled: true };

/** `graceMs` is what the runner gets on top of the command's own time, to kill and to confirm. */
export async function runCommand(
  line: Line,
  command: Command,
  onOutput: OnOutput,
  options: { graceMs: number; signal?: AbortSignal | undefined },
): Promise<RunResult> {
  const { graceMs, signal } = options;
  const request = toRequest(command);
  if (signal?.aborted) return notStarted;
  return line.take(command.timeoutMs + graceMs, async (turn) => {
    const cancel = () => {
      turn.hurry(graceMs);
      // If it cannot be sent, the line is broken, and whoever waits for the answer learns of it.
      turn.ask({ kind: "cancel" }).catch(() => undefined);
    };
    await turn.ask(request);
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      return await followOutput(turn, onOutput);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  });
}

function toRequest({ argv, env = {}, timeoutMs, cwd = "." }: Command): Request {
  const parsed = requestSchema.safeParse({ kind: "run", argv, env, timeoutMs, cwd });
  if (!parsed.success) throw new WorkspaceError("failed", `cannot run ${argv[0]}: ${parsed.error.issues[0]?.message}`);
  const byteCount = Buffer.byteLength(JSON.stringify(parsed.data));
  if (byteCount > maxJsonBytes) {
    throw new WorkspaceError("too_large", `cannot run ${argv[0]}: the command has ${byteCount} bytes`);
  }
  return parsed.data;
}

async function followOutput(turn: Turn, onOutput: OnOutput): Promise<RunResult> {
  for (;;) {
    const heard = await turn.hear();
    if (heard.kind === "data") {
      const stream = heard.bytes[0] === streamCodes.stdout ? "stdout" : "stderr";
      if (stream === "stderr" && heard.bytes[0] !== streamCodes.stderr) turn.violate("sent output of no stream");
      onOutput(stream, heard.bytes.subarray(1));
      continue;
    }
    const { answer } = heard;
    if (answer.kind === "ran") return answer.result;
    if (answer.kind === "failed") throw new WorkspaceError("failed", `cannot run the command: ${answer.why}`);
    return turn.violate("answered a run with nothing");
  }
}
