// Entry point: ECS tells that a sandbox has changed its state. Only the end matters here.
import { z } from "zod";
import { cloudOfThisProcess } from "./cloud.ts";
import { parseAgentId } from "./core/ids.ts";
import { describeEnd } from "./core/sandbox-end.ts";
import { confirmStop } from "./flows/confirm-stop.ts";

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

/** Events come at least once and in any order; `confirmStop` makes the same of each repetition. */
export async function handler(event: unknown): Promise<void> {
  const { detail } = stateChange.parse(event);
  const agent = parseAgentId(detail.startedBy ?? "");
  if (detail.lastStatus !== "STOPPED" || !agent) return;
  await confirmStop(await cloudOfThisProcess(), agent.agentId, describeEnd(detail));
}
