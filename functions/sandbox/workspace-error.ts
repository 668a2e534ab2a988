// What can go wrong between the supervisor and a workspace?
import { FrameError } from "./frames.ts";

/**
 * `protocol_violation`: the runner sent what an honest one never sends. `lost`: the connection is gone. `timeout`: no
 * answer in time. After these three the connection is closed. `too_large`, `failed`: this operation only.
 */
export type WorkspaceErrorCode = "protocol_violation" | "lost" | "too_large" | "timeout" | "failed";

export class WorkspaceError extends Error {
  readonly code: WorkspaceErrorCode;

  constructor(code: WorkspaceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "WorkspaceError";
    this.code = code;
  }
}

/** A runner that is killed may leave half a frame behind, so that is a loss and no violation. */
export function toWorkspaceError(cause: unknown): WorkspaceError {
  if (cause instanceof WorkspaceError) return cause;
  if (!(cause instanceof FrameError)) return new WorkspaceError("failed", String(cause), { cause });
  const gone = cause.code === "closed" || cause.code === "truncated";
  return new WorkspaceError(gone ? "lost" : "protocol_violation", `workspace connection: ${cause.message}`, { cause });
}
