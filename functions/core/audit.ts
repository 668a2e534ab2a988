// How does the audit log show that nobody edited it? Each event holds the hash of the one before.
import { hash } from "node:crypto";
import type { EventId, TaskId } from "./ids.ts";
import type { TaskStatus } from "./task.ts";

/** One event of a task; event n was written together with version n of the task, or not at all. */
export interface AuditEvent {
  eventId: EventId;
  taskId: TaskId;
  version: number;
  type: string;
  /** Epoch milliseconds. */
  at: number;
  /** `key:…` (a person or program), `agent:…` (an attempt) or `system:…` (drover itself). */
  by: string;
  from?: TaskStatus;
  to: TaskStatus;
  data: Record<string, unknown>;
  /** Hash of the event before; the empty text for the first. */
  previousHash: string;
  hash: string;
}

/** Behind that event; without its id, from that moment on. */
export interface FeedPosition {
  at: number;
  eventId?: EventId | undefined;
}

/** An act without a task (a switch, a key, a refused kill), in the chain of its workspace or the global one. */
export interface AuditAct {
  eventId: EventId;
  /** `global` or `workspace:…`. */
  chain: string;
  /** From 1, plus one with every act of the chain. */
  version: number;
  type: string;
  at: number;
  by: string;
  data: Record<string, unknown>;
  previousHash: string;
  hash: string;
}

/** SHA-256 over the event's canonical JSON (keys sorted, `hash` left out), in hex. */
export function hashEvent(event: Omit<AuditEvent, "hash"> | Omit<AuditAct, "hash">): string {
  return hash("sha256", canonicalJson(event), "hex");
}

/** Plain data as JSON with sorted keys and without undefined members: the same event always gives the same bytes. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sortKeys(value));

/** What is in order already is not copied: whoever makes events often writes their keys in this order. */
function sortKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object" || isSorted(value)) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const sorted: Record<string, unknown> = {};
  for (const key of sortText(Object.keys(value))) {
    const member = sortKeys((value as Record<string, unknown>)[key]);
    // Assigned, it would become the prototype, and a log that somebody added it to would still match its hash.
    if (key === "__proto__") Object.defineProperty(sorted, key, { value: member, enumerable: true });
    else sorted[key] = member;
  }
  return sorted;
}

function isSorted(value: object): boolean {
  if (Array.isArray(value)) return value.every((member) => typeof member !== "object" || !member || isSorted(member));
  let before = "";
  for (const key of Object.keys(value)) {
    if (key < before) return false;
    before = key;
    const member: unknown = (value as Record<string, unknown>)[key];
    if (typeof member === "object" && member && !isSorted(member)) return false;
  }
  return true;
}

/** In place. Most have few keys, and by insertion those take a third of the time of the general sort. */
function sortText(texts: string[]): string[] {
  if (texts.length > 40) return texts.sort();
  for (const [index, text] of texts.entries()) {
    let free = index;
    for (let before = texts[free - 1]; before !== undefined && before > text; before = texts[free - 1]) {
      texts[free] = before;
      free -= 1;
    }
    texts[free] = text;
  }
  return texts;
}

/** The first break of a chain, or undefined when events 1..n stand without a gap and every hash holds. */
export function findBreak(events: readonly (AuditEvent | AuditAct)[]): { version: number; why: string } | undefined {
  let previousHash = "";
  for (const [index, event] of events.entries()) {
    const version = index + 1;
    if (event.version !== version) return { version, why: `found version ${event.version} in its place` };
    if (event.previousHash !== previousHash) return { version, why: "it does not follow the event before it" };
    const { hash: claimed, ...rest } = event;
    if (hashEvent(rest) !== claimed) return { version, why: "its content does not match its hash" };
    previousHash = claimed;
  }
  return undefined;
}
