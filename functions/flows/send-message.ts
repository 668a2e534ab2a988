// How does a person speak to a running agent? The words stand in the table, and its next beat tells the supervisor.
import { createHash } from "node:crypto";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import { isFinal, type Task } from "../core/task.ts";
import { type Caller, readAsCaller } from "./call-back.ts";
import { changeTask } from "./change-task.ts";

/** Also to a task that waits: the agent hears it before its first turn. */
export async function sendMessage(cloud: Cloud, taskId: TaskId, by: string, text: string): Promise<Message> {
  const textHash = createHash("sha256").update(text).digest("hex");
  let message: Message | undefined;
  const change = await changeTask(cloud, taskId, by, async (task) => {
    await refuseDeaf(cloud, task);
    message = { number: (task.messages ?? 0) + 1, at: cloud.clock.now(), by, text };
    return { event: { type: "message_sent", textHash }, message };
  });
  if (change.kind === "changed" && message) return message;
  const { status } = change.task;
  const details = { taskStatus: status };
  if (isFinal(status)) {
    throw new DroverError("task_ended", `${taskId} is ${status}: nobody is there to hear it. Retry the task.`, {
      details,
    });
  }
  const way = "its agent is done and hears nothing more. Say it in a new task, or again if this one goes on";
  throw new DroverError("illegal_transition", `${taskId} is ${status}: ${way}.`, { details });
}

async function refuseDeaf(cloud: Cloud, task: Task): Promise<void> {
  if (isFinal(task.status)) return;
  const spec = await cloud.table.getSpec(task.taskId);
  if (spec?.agent.kind !== "command") return;
  throw new DroverError("agent_is_deaf", `${task.taskId} runs a command, which reads no messages.`);
}

/** What the agent has not heard yet. */
export async function readMessages(cloud: Cloud, caller: Caller, after: number): Promise<Message[]> {
  const { task } = await readAsCaller(cloud, caller);
  return cloud.table.listMessages(task.taskId, after);
}
