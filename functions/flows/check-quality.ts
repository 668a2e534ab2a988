// A coordinator outside asks: did the gates accept the work of this agent?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { decideQuality, type Quality, type VerdictReport, verdictReport } from "../core/quality.ts";
import type { Task } from "../core/task.ts";

/** What cannot be reached or read is not approved. Throws only when the agent is not of that task. */
export async function checkQuality(cloud: Cloud, task: Task, agentId: string, files: string[]): Promise<Quality> {
  const parsed = parseAgentId(agentId);
  if (parsed?.taskId !== task.taskId) {
    throw new DroverError("invalid_request", `${agentId} is not an agent of ${task.taskId}.`);
  }
  if (parsed.attempt !== task.attempt) {
    const message = `${agentId} has been superseded by attempt ${task.attempt}.`;
    return { approved: false, gate: "verdicts", message, details: { currentAttempt: task.attempt } };
  }
  try {
    return decideQuality(task, files, await readReport(cloud, parsed.agentId));
  } catch (error) {
    console.error(`the verdicts of ${agentId} could not be read`, error);
    return decideQuality(task, files, undefined);
  }
}

async function readReport(cloud: Cloud, agentId: AgentId): Promise<VerdictReport | undefined> {
  const bytes = await cloud.artifacts.read(agentId, "verdicts");
  return bytes && verdictReport.parse(JSON.parse(Buffer.from(bytes).toString()));
}
