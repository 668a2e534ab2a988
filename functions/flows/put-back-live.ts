// The machine that the sandboxes run on is being shut down: every live task goes back to the queue.
import type { Cloud } from "../core/cloud.ts";
import { parseAgentId } from "../core/ids.ts";
import { isLive } from "../core/task.ts";
import { changeTask } from "./change-task.ts";

/** Without using an attempt. From this write on the attempts are fenced; whoever calls then stops the sandboxes. */
export async function putBackLive(cloud: Cloud, why: string): Promise<void> {
  for (const { holder } of await cloud.table.heldSlots("global")) {
    const agent = parseAgentId(holder);
    if (!agent) continue;
    await changeTask(cloud, agent.taskId, "system:stack", (task) =>
      task.attempt === agent.attempt && isLive(task.status)
        ? { event: { type: "put_back", why, notBefore: cloud.clock.now() } }
        : { kind: "refused", code: "illegal_transition", reason: `${holder} is not live` },
    );
  }
}
