// What does a notice say about a task that has ended?
import type { AuditEvent } from "./audit.ts";
import type { Notice, NoticeType, Owed } from "./notices.ts";
import { isFinal, type Task } from "./task.ts";

/** The last ones; a task that was put back for days has more than a receiver wants. */
const maxHistory = 50;
const historyTypes = ["attempt_failed", "put_back", "rejected"];

const iso = (at: number) => new Date(at).toISOString();

/** One notice of how it ended, and one more when people must look. `events` are needed for that one only. */
export function describeOwed(owed: Owed, task: Task, events: readonly AuditEvent[]): Notice[] {
  if (owed.overdue) return [describeOverdue(owed, task, events)];
  const data = viewEnd(owed, task, owed.at);
  const ended = toNotice(owed, `task.${owed.status}`, data);
  if (!owed.escalated) return [ended];
  return [ended, toNotice(owed, "task.escalated", { ...data, history: failureHistory(events) })];
}

/** What is owed was so at that event, whatever has become of it since. */
function describeOverdue(owed: Owed, task: Task, events: readonly AuditEvent[]): Notice {
  const end = events.find(({ to }) => isFinal(to));
  const overdue = events.find(({ eventId }) => eventId === owed.eventId)?.data;
  return toNotice(owed, "task.escalated", { ...viewEnd(owed, task, end?.at ?? task.updatedAt), overdue });
}

export function toBody({ type, at, data }: Notice): string {
  return JSON.stringify({ type, timestamp: iso(at), data });
}

/** On the bus; there is no header for the id that tells repetitions, so it stands within. */
export const toDetail = ({ messageId, at, data }: Notice): string =>
  JSON.stringify({ id: messageId, timestamp: iso(at), ...data });

function toNotice(owed: Owed, type: NoticeType, data: Record<string, unknown>): Notice {
  const { eventId, taskId, workspace, at } = owed;
  return { messageId: `${eventId}_${type.slice("task.".length)}`, eventId, type, taskId, workspace, at, data };
}

/** Neither the prompt nor the command: they may hold what only the workspace should read. */
function viewEnd(owed: Owed, task: Task, endedAt: number): Record<string, unknown> {
  const { taskId, workspace, status, title, priority, owner, attempt, attemptsUsed, maxAttempts } = task;
  const { labels, retryOf, failure, killed, branch, commit, publishOutcome, noChanges, unconfined } = task;
  return {
    ...{ taskId, workspace, status, title, priority, owner, attempt, attemptsUsed, maxAttempts },
    ...{ labels, retryOf, failure, killed, branch, commit, publishOutcome, noChanges, unconfined },
    escalated: owed.escalated,
    createdAt: iso(task.createdAt),
    endedAt: iso(endedAt),
  };
}

/** From the audit log: which attempts failed of what, and how often the work was sent back. */
function failureHistory(events: readonly AuditEvent[]): Record<string, unknown>[] {
  return events
    .filter(({ type }) => historyTypes.includes(type))
    .slice(-maxHistory)
    .map(({ type, at, data }) => ({ type, at: iso(at), agentId: data.agentId, failure: data.failure, why: data.why }));
}
