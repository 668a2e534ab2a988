// How do tasks come in through a queue, and on whose behalf?
import * as z from "zod";
import { type ErrorCode, statusOfCode } from "./errors.ts";
import type { TaskId } from "./ids.ts";
import { taskRequest } from "./requests.ts";

/** The queue is bound to one workspace; nothing in a message says who sends it. */
export interface Intake {
  workspace: string;
  principal: string;
  /** A message that could not be taken after so many receives is given up. */
  maxReceives: number;
  /** Puts the message into the dead-letter queue, with the reason beside it. */
  bury(message: IntakeMessage, reason: string): Promise<void>;
  /** The queue delivers it again after that time. */
  postpone(message: IntakeMessage, delaySeconds: number): Promise<void>;
}

export interface IntakeMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  /** From 1. */
  receives: number;
}

/** What became of a message, once and for all: whatever is delivered again, or to two at the same moment. */
export type IntakeOutcome = {
  workspace: string;
  messageId: string;
  /** Epoch seconds; the table then forgets it. */
  expiresAt: number;
} & ({ kind: "accepted"; taskId: TaskId } | { kind: "refused"; reason: string });

/** A task request and its key. Unknown fields are refused: above all a workspace or a role of one's own choice. */
const intakeRequest = taskRequest.extend({ idempotencyKey: z.string().min(1).max(200) });
export type IntakeRequest = z.output<typeof intakeRequest>;

const maxReasonCharacters = 500;

export function parseIntake(body: string): { kind: "ok"; request: IntakeRequest } | { kind: "bad"; reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // The parser's message quotes the text, which is nobody's business here.
    return { kind: "bad", reason: "the message is not JSON" };
  }
  const parsed = intakeRequest.safeParse(json);
  if (parsed.success) return { kind: "ok", request: parsed.data };
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(message)"}: ${message}`);
  return { kind: "bad", reason: toReason(reasons.join("; ")) };
}

/** One printable line; parts of it may be the sender's. */
export const toReason = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, maxReasonCharacters)
    .toWellFormed();

const later: readonly ErrorCode[] = ["repository_unreachable", "queue_full", "rate_limited"];

/** May the same message be taken another time? Not what the API would answer the same way tomorrow. */
export const isWorthRetrying = (code: ErrorCode): boolean => statusOfCode[code] >= 500 || later.includes(code);

/** Doubles from a second to five minutes; half of it by chance (`random` in [0, 1)). */
export const intakeDelaySeconds = (receives: number, random: number): number =>
  Math.ceil(Math.min(300, 2 ** Math.min(receives - 1, 10)) * (0.5 + random / 2));
