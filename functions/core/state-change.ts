// Of whose sandbox does an event of ECS say that it has stopped?
import * as z from "zod";
import { type AgentId, parseAgentId } from "./ids.ts";
import { describeEnd } from "./sandbox-end.ts";

const stateChange = z.object({
  detail: z.object({
    lastStatus: z.string(),
    startedBy: z.string().optional(),
    stopCode: z.string().optional(),
    stoppedReason: z.string().optional(),
    memory: z.string().optional(),
    containers: z
      .array(z.object({ name: z.string(), exitCode: z.int().optional(), reason: z.string().optional() }))
      .optional(),
  }),
});

/** Whose sandbox has stopped by what a state-change event says, and why; undefined when none of ours has. */
export function readSandboxEnd(event: unknown): { agentId: AgentId; why: string } | undefined {
  const { detail } = stateChange.parse(event);
  const agent = parseAgentId(detail.startedBy ?? "");
  return detail.lastStatus === "STOPPED" && agent ? { agentId: agent.agentId, why: describeEnd(detail) } : undefined;
}
