// What does an error in the supervisor say about the attempt?
import type { Failure } from "../core/task.ts";
import { CloneError } from "../git/clone.ts";
import { TooLargeError } from "../git/limits.ts";
import { BadPathError } from "../git/plan-changes.ts";
import { Dismissed } from "./control-plane.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** Throws `Dismissed` on: then nobody waits for a reason. */
export function explainFailure(error: unknown): Failure {
  if (error instanceof Dismissed) throw error;
  if (error instanceof CloneError) {
    const { kind, message } = error.problem;
    return { class: kind === "unreachable" ? "infrastructure" : "poison", message };
  }
  if (error instanceof TooLargeError) return { class: "poison", message: error.message };
  if (error instanceof BadPathError) return { class: "agent_error", message: error.message };
  if (error instanceof WorkspaceError) {
    if (error.code === "lost") throw error;
    const agentsDoing = error.code === "too_large" || error.code === "protocol_violation";
    return { class: agentsDoing ? "agent_error" : "infrastructure", message: `The workspace: ${error.message}` };
  }
  console.error("the supervisor failed", error);
  return {
    class: "infrastructure",
    message: `The supervisor failed: ${error instanceof Error ? error.message : error}`,
  };
}
