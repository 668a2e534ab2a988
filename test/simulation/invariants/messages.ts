// Was everybody told, and was nothing dropped that came through a queue?
import { createHmac } from "node:crypto";
import { deliveryIdOf, type NoticeType, noticeTypes, type Webhook } from "../../../functions/core/notices.ts";
import { isFinal, type Task } from "../../../functions/core/task.ts";
import { secret } from "../actors/receivers.ts";
import type { Row } from "../cloud/memory-table.ts";
import type { Stage } from "../stage.ts";

/** At the moment of each post: it is ours, and what it says is so. */
export function watchPost({ table, world }: Stage, headers: Record<string, string>, body: string): void {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = headers;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  if (signature !== `v1,${expected}`) world.fail("notice_unsigned", `${id} has another signature`);
  const { type, data } = JSON.parse(body) as { type: string; data: Pick<Task, "taskId" | "status"> };
  const status = table.getTask(data.taskId)?.status;
  if (!status || !isFinal(status) || data.status !== status)
    world.fail("notice_false", `${type} was told of ${data.taskId}, which is ${status}`);
}

export function checkMessages(stage: Stage): void {
  const { world, table } = stage;
  for (const { taskId } of table.notices.owed.values()) world.fail("notice_owed", `nobody was told of ${taskId}`);
  for (const webhook of table.notices.webhooks.values())
    for (const row of table.rows.values()) checkNotices(stage, webhook, row);
  checkIntake(stage);
  for (const body of stage.rubbish) {
    const acts = table.chains.get("global") ?? [];
    if (!acts.some(({ type, data }) => type === "wake_up_refused" && data.body === body))
      world.fail("dead_letter_silent", `nothing says that "${body}" was no wake-up`);
  }
}

/** Every kind of notice that it wants, at least once; and no more posts than tries were counted. */
function checkNotices(stage: Stage, webhook: Webhook, { task, events }: Row): void {
  const { world, table, posts, subscribedAt } = stage;
  const end = events.find(({ from, to }) => !(from && isFinal(from)) && isFinal(to));
  // Both moments are by clocks that differ.
  const since = (subscribedAt.get(webhook.webhookId) ?? 0) + 3 * world.swarm.skewMs;
  if (task.workspace !== webhook.workspace || !end || since > end.at) return;
  const isOwed = (type: NoticeType) => type === `task.${end.to}` || (type === "task.escalated" && task.escalated);
  const ofEnd = noticeTypes.filter(isOwed).map((type) => ({ type, eventId: end.eventId }));
  const overdue = events.filter((event) => event.type === "outcome_overdue");
  const ofOverdue = overdue.map(({ eventId }) => ({ type: "task.escalated" as const, eventId }));
  for (const { type, eventId } of [...ofEnd, ...ofOverdue]) {
    if (!webhook.events.includes(type)) continue;
    const id = deliveryIdOf(webhook.webhookId, { eventId, type });
    const delivery = table.notices.deliveries.get(id);
    const mine = posts.filter(({ url, messageId }) => url === webhook.url && messageId === delivery?.messageId);
    if (!mine.some(({ taken }) => taken))
      world.fail("notice_lost", `${webhook.webhookId} was never told ${type} of ${task.taskId}`);
    if (mine.length > (delivery?.attempts ?? 0))
      world.fail("notice_uncounted", `${id} was posted ${mine.length} times in ${delivery?.attempts} tries`);
  }
}

/** Each message became the one task of its key, or lies dead with an act that says why; never both. */
function checkIntake({ world, table, intakeSent, buried }: Stage): void {
  const acts = table.chains.get("workspace:red") ?? [];
  const refused = new Set<unknown>();
  for (const { type, data } of acts) {
    if (type !== "intake_refused") continue;
    if (refused.has(data.messageId)) world.fail("intake_refused_twice", `${data.messageId} has two refusals`);
    refused.add(data.messageId);
  }
  const dead = new Set(buried);
  const made = new Map<string, number>();
  for (const { task, spec } of table.rows.values())
    if (task.createdBy === "system:intake") made.set(spec.prompt, (made.get(spec.prompt) ?? 0) + 1);
  for (const { messageId, key } of intakeSent) {
    const record = key === undefined ? undefined : table.getIdempotencyRecord("red", `intake:${key}`);
    const isTask = record !== undefined && table.rows.has(record.taskId);
    if (dead.has(messageId) && !refused.has(messageId))
      world.fail("intake_silent", `${messageId} is dead without an act`);
    const outcome = table.getIntakeOutcome("red", messageId)?.kind;
    const isAlone = intakeSent.filter((other) => other.key === key).length === 1;
    if ((isTask && isAlone && refused.has(messageId)) || (outcome === "accepted" && dead.has(messageId)))
      world.fail("intake_torn", `${messageId} was refused, and became a task as well`);
    if (outcome !== (refused.has(messageId) ? "refused" : "accepted"))
      world.fail("intake_undecided", `the outcome of ${messageId} is ${outcome}`);
    if (!isTask && !dead.has(messageId)) world.fail("intake_lost", `${messageId} made no task and is not dead`);
    if (key === undefined && !dead.has(messageId)) world.fail("intake_accepted", `${messageId} is no task request`);
  }
  const keys = new Set(intakeSent.flatMap(({ key }) => key ?? []));
  const tasks = [...made.values()].reduce((sum, times) => sum + times, 0);
  if (tasks > keys.size) world.fail("idempotency", `${keys.size} keys of the intake made ${tasks} tasks`);
}
