// Is what people say to an agent heard before its work goes out?
import { agentIdOf } from "../../../functions/core/ids.ts";
import type { TaskChange } from "../../../functions/core/table.ts";
import type { Row } from "../cloud/memory-table.ts";
import type { Stage } from "../stage.ts";

/** At the end: whoever asked once is told of it once, whatever the table told on the way. */
export function checkSaidOnce({ world }: Stage, { task, messages }: Row): void {
  if (new Set(messages.map(({ text }) => text)).size < messages.length)
    world.fail("message_twice", `${task.taskId} has a message twice that was sent once`);
}

/** At the commit after which the agent is not asked any more. */
export function watchHeard({ table, world, heardBy }: Stage, { before, event }: TaskChange): void {
  const isLast = event.type === "permit_granted" || (event.type === "completed" && before.status === "verifying");
  const row = table.rows.get(before.taskId);
  if (!isLast || row?.spec.agent.kind !== "model") return;
  const heard = heardBy.get(agentIdOf(before.taskId, before.attempt)) ?? 0;
  if (heard < row.messages.length)
    world.fail("message_unheard", `${event.type} of ${before.taskId}: ${heard} of ${row.messages.length} were heard`);
}
