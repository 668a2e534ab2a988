// Which gates will a task have to pass? Those it asks for, or its agent's usual ones.
import { DroverError } from "../core/errors.ts";
import { resolveGates } from "../core/gates.ts";
import type { TaskRequest } from "../core/requests.ts";
import type { ModelAgent } from "../core/task.ts";

/** Throws `invalid_request`. */
export function chooseGates(
  gates: TaskRequest["gates"],
  agent: { kind: "command" } | Pick<ModelAgent, "kind" | "type">,
) {
  const resolved = resolveGates(gates, agent.kind === "model" ? agent.type : "command");
  if (resolved.kind === "refused") throw new DroverError("invalid_request", resolved.why);
  const { kind: _, ...chosen } = resolved;
  if (agent.kind === "command" && chosen.gates.includes("ai_review")) {
    throw new DroverError("invalid_request", "The gate ai_review needs a model agent, and this task runs a command.");
  }
  return chosen;
}
