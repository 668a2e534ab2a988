// Who outside is told that a task has ended, and what is kept until they know?
import type { Rest } from "./backends.ts";
import type { EventId, TaskId } from "./ids.ts";
import type { SourceId } from "./sources.ts";
import type { TaskChange } from "./table.ts";
import { type FinalStatus, isFinal } from "./task.ts";

export const noticeTypes = ["task.completed", "task.failed", "task.killed", "task.escalated"] as const;
export type NoticeType = (typeof noticeTypes)[number];

export type WebhookId = `whk_${string}`;
export type DeliveryId = `dlv_${string}`;

/**
 * In the outbox, written with the task's event and there until every sink has taken it: this is why no end goes untold,
 * though queues lose messages and functions die.
 */
export interface Owed {
  taskId: TaskId;
  workspace: string;
  /** The audit event: the notices take their ids from it, so that a repetition is recognised. */
  eventId: EventId;
  status: FinalStatus;
  escalated: boolean;
  /** Its end was told long ago: what became of its push is not known. */
  overdue?: true;
  at: number;
}

export type OwedKey = Pick<Owed, "taskId" | "eventId" | "overdue">;

/** What goes out: the same for every receiver, however often it is sent. */
export interface Notice {
  /** `webhook-id`; receivers drop what they have seen. */
  messageId: string;
  eventId: EventId;
  type: NoticeType;
  taskId: TaskId;
  workspace: string;
  at: number;
  data: Record<string, unknown>;
}

/** An address that a workspace wants to be told at. Its secret is not here. */
export interface Webhook {
  webhookId: WebhookId;
  workspace: string;
  url: string;
  events: NoticeType[];
  createdBy: string;
  createdAt: number;
  /** It has not answered in time: nothing is posted to it until then. The next answer ends it. */
  rest?: Rest;
}

/** One try to hand over a delivery. */
export interface Try {
  at: number;
  durationMs: number;
  /** What the receiver answered, if it did. */
  status?: number;
  why?: string;
}

/** One notice on its way to one webhook, or to the issue of its task. The queue holds its id only: this record is the truth. */
export interface Delivery {
  deliveryId: DeliveryId;
  /** Absent: it is a comment on the issue of its task. */
  webhookId?: WebhookId;
  workspace: string;
  messageId: string;
  type: NoticeType;
  taskId: TaskId;
  /** Fixed when it was made, so that every repetition has the same bytes; that of a comment at its first try. */
  body: string;
  state: "pending" | "delivered" | "failed";
  createdAt: number;
  /** When somebody had it sent again, with all its tries. */
  againAt?: number;
  /** Tries begun; also the lock, since whoever begins one raises it on condition of what it read. */
  attempts: number;
  /** Where `attempts` ends; a redelivery adds to it. */
  maxAttempts: number;
  /** While pending: the next try, or when one that was begun counts as lost. */
  nextAt: number;
  /** The last ones. */
  tries: Try[];
  /** Epoch seconds; the table then forgets it. */
  expiresAt: number;
}

/** What the sender of notices is to look at: an end, a delivery, or a pull request that is owed. */
export type NoticeMessage = { taskId: TaskId } | { deliveryId: DeliveryId } | { pullRequestOf: TaskId };

/** Where webhooks, deliveries and the outbox are kept; the outbox is filled by `Table.commit`. */
export interface Notices {
  /** Its end, and what is overdue. */
  owedOf(taskId: TaskId): Promise<Owed[]>;
  listOwed(limit: number): Promise<Owed[]>;
  clearOwed(owed: OwedKey): Promise<void>;
  getWebhook(workspace: string, webhookId: WebhookId): Promise<Webhook | undefined>;
  listWebhooks(workspace: string): Promise<Webhook[]>;
  /** On condition that it is still there, with the rest that was read; undefined ends that. */
  restWebhook(webhook: Webhook, rest: Rest | undefined): Promise<"written" | "stale">;
  /** Nothing happens if it exists. */
  createDelivery(delivery: Delivery): Promise<void>;
  getDelivery(deliveryId: DeliveryId): Promise<Delivery | undefined>;
  /** Newest first. */
  listDeliveries(receiver: WebhookId | TaskId, before: DeliveryId | undefined, limit: number): Promise<Delivery[]>;
  /** On condition that neither its state nor its attempts have changed since `before` was read. */
  replaceDelivery(before: Delivery, after: Delivery): Promise<"replaced" | "stale">;
  /** Pending ones whose time has come; read from the index, which lags. */
  dueDeliveries(now: number, limit: number): Promise<DeliveryId[]>;
}

/** A message may be lost, doubled or late: each is only a wake-up for what the table says. */
export interface NoticeQueue {
  /** At most 900 s of delay. */
  send(messages: readonly NoticeMessage[], delaySeconds?: number): Promise<void>;
}

/** Where others subscribe to outcomes. */
export interface OutcomeBus {
  /** All notices of one task's end. Answers those that the bus did not take; throws when it was not reached. */
  publish(notices: readonly Notice[]): Promise<{ notice: Notice; why: string }[]>;
}

/** What signs our notices to a webhook, or a forge's deliveries to us. */
export interface WebhookSecrets {
  put(owner: WebhookId | SourceId, secret: string): Promise<void>;
  get(owner: WebhookId | SourceId): Promise<string | undefined>;
  /** Also when there is none. */
  remove(owner: WebhookId | SourceId): Promise<void>;
}

export type PostOutcome =
  | { kind: "answered"; status: number }
  /** Nothing was sent, and trying again would end the same way. */
  | { kind: "refused"; why: string }
  | { kind: "unreachable"; why: string };

export interface Receivers {
  /** Why this address may not be used; undefined when it may. Names are resolved. */
  judge(url: string): Promise<string | undefined>;
  /** One POST, to an address that was judged; no redirect is followed. Never throws. */
  post(url: string, headers: Record<string, string>, body: string): Promise<PostOutcome>;
}

export interface NoticeSettings {
  /** Waits between the tries of a delivery; one try more than there are waits. */
  backoffMs: readonly number[];
  /** For one POST in all. */
  timeoutMs: number;
}

/** What a change of a task owes the outside: something only when it ends the task, or people must look at one that has ended. */
export function owedBy({ before, after, event }: TaskChange): Owed | undefined {
  const { taskId, workspace, status, escalated = false } = after;
  if (!isFinal(status)) return undefined;
  const owed = { taskId, workspace, eventId: event.eventId, status, escalated, at: event.at };
  if (event.type === "outcome_overdue") return { ...owed, escalated: true, overdue: true };
  return isFinal(before.status) ? undefined : owed;
}

const deliveryIdForm = /^dlv_([0-9A-Z]{1,40})_([0-9A-Z]{1,40})_(completed|failed|killed|escalated|comment)$/;

/** Made of the webhook, the event and the type: the same notice for the same webhook is always the same delivery. */
export function deliveryIdOf(webhookId: WebhookId, { eventId, type }: Pick<Notice, "eventId" | "type">): DeliveryId {
  return `dlv_${webhookId.slice("whk_".length)}_${eventId.slice("evt_".length)}_${type.slice("task.".length)}`;
}

/** The one comment on the issue of a task. */
export const commentIdOf = (taskId: TaskId, eventId: EventId): DeliveryId =>
  `dlv_${taskId.slice("tsk_".length)}_${eventId.slice("evt_".length)}_comment`;

/** `order` sorts the deliveries of a receiver by time. */
export function parseDeliveryId(text: string): { receiver: WebhookId | TaskId; order: string } | undefined {
  const match = deliveryIdForm.exec(text);
  if (!match) return undefined;
  const [, id, event, what] = match;
  return { receiver: what === "comment" ? `tsk_${id}` : `whk_${id}`, order: `${event}_${what}` };
}

export const isDeliveryId = (text: string): text is DeliveryId => parseDeliveryId(text) !== undefined;
