// May this callback happen? Only the current attempt of a live task may speak, and only with its own token.

import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { Refused, TaskEvent } from "../core/events.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { isSameToken } from "../core/signing.ts";
import { isFenced } from "../core/switches.ts";
import { isFinal, isLive, type Task } from "../core/task.ts";
import { changeTask, taskNotFound } from "./change-task.ts";

export interface Caller {
  agentId: string;
  token: string;
}

/** Throws unless the token is that of the agent in the path. Reads nothing. */
export function authenticate(cloud: Cloud, caller: Caller) {
  const parsed = parseAgentId(caller.agentId);
  if (!parsed) throw new DroverError("invalid_request", `"${caller.agentId}" is not an agent id.`);
  if (!isSameToken(cloud.tokenOf(parsed.agentId), caller.token)) {
    throw new DroverError("token_of_another_task", `The token does not belong to ${parsed.agentId}.`);
  }
  return parsed;
}

/** What a callback wants: to change the task, or to hear again the answer to a call that already took effect. */
export type Wish = { kind: "change"; event: TaskEvent } | { kind: "already_done" };

/**
 * Applies a callback's event, fenced: the check and the write see the same version, so a kill or a newer attempt that
 * comes between makes the write fail and the check is made again. `asRead`: the task as it was just read.
 */
export async function callBack(cloud: Cloud, caller: Caller, wish: (task: Task) => Wish, asRead?: Task): Promise<Task> {
  const { agentId, taskId, attempt } = authenticate(cloud, caller);
  const change = await changeTask(
    cloud,
    taskId,
    `agent:${agentId}`,
    (task) => {
      const wished = wish(task);
      if (task.attempt === attempt && wished.kind === "already_done") return nothingToDo(agentId);
      refuseOutsider(task, agentId, attempt);
      return wished.kind === "change" ? { event: wished.event } : nothingToDo(agentId);
    },
    { fenced: true, ...(asRead && { asRead }) },
  );
  if (change.kind === "changed") return change.task;
  const wished = wish(change.task);
  if (change.task.attempt === attempt && wished.kind === "already_done") {
    await refuseStopped(cloud, change.task, agentId);
    return change.task;
  }
  if (change.kind === "refused" && change.code === "stopped") throw taskStopped(change.task, agentId);
  const reason = change.kind === "refused" ? change.reason : "a slot was taken";
  throw new DroverError("illegal_transition", reason, { details: { taskStatus: change.task.status } });
}

const nothingToDo = (agentId: AgentId): Refused => ({
  kind: "refused",
  code: "illegal_transition",
  reason: `${agentId} has already said so`,
});

/**
 * What is repeated writes nothing that could be fenced, and its answer is as good as the first one: a permit, or secrets.
 *
 *   permit: written (answer lost) ───────────────── repeated: refused, or it would be pushed after the stop
 *   stop:                          fences the task
 *
 * A receipt or a failure that is repeated after the end changes nothing, and hears its answer.
 */
async function refuseStopped(cloud: Cloud, task: Task, agentId: AgentId): Promise<void> {
  if (isLive(task.status) && isFenced(task, await cloud.table.getSwitches(task))) throw taskStopped(task, agentId);
}

const taskStopped = ({ taskId }: Task, agentId: AgentId) =>
  new DroverError("task_stopped", `a stop covers ${taskId}: ${agentId} has nothing left to do.`);

/** The zombie's answer: it exits at its first 409. */
function refuseOutsider(task: Task, agentId: AgentId, attempt: number): void {
  if (isFinal(task.status)) {
    throw new DroverError("task_ended", `${task.taskId} is ${task.status}: ${agentId} has nothing left to do.`, {
      details: { taskStatus: task.status },
    });
  }
  if (task.attempt === attempt && isLive(task.status)) return;
  throw new DroverError("attempt_superseded", `${agentId} is not the current attempt of ${task.taskId}.`, {
    details: { currentAttempt: task.attempt },
  });
}

/** For callbacks that write no event: the same fence, read once. */
export async function readAsCaller(cloud: Cloud, caller: Caller): Promise<{ agentId: AgentId; task: Task }> {
  const { agentId, taskId, attempt } = authenticate(cloud, caller);
  const task = await cloud.table.getTask(taskId);
  if (!task) throw taskNotFound(taskId);
  refuseOutsider(task, agentId, attempt);
  return { agentId, task };
}
