// How does the supervisor speak to the control plane? A few verbs; it asks again while nobody answers.
import type { z } from "zod";
import {
  acknowledged,
  beatAnswer,
  type CompleteMessage,
  type ConflictMessage,
  maxFailureCharacters,
  messagesAnswer,
  type PermitAnswer,
  type PermitMessage,
  permitAnswer,
  type RejectMessage,
  type StartAnswer,
  startAnswer,
  type WorkDoneMessage,
} from "../core/callbacks.ts";
import { type ErrorCode, readProblemCode } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { Beat, Failure } from "../core/task.ts";

/** This attempt may not go on: it was killed, has ended, or another one took its place. */
export class Dismissed extends Error {}
/** Nobody took what was said, for as long as patience goes. */
export class Unanswered extends Error {}

export interface ControlPlane {
  start(): Promise<StartAnswer>;
  /** Answers the number of the last message that people have sent to the agent. */
  beat(beat: Beat): Promise<number>;
  messages(after: number): Promise<Message[]>;
  workDone(work: Omit<WorkDoneMessage, "round">): Promise<void>;
  rejected(message: Omit<RejectMessage, "round">): Promise<void>;
  conflicted(message: ConflictMessage): Promise<void>;
  permit(message: PermitMessage): Promise<PermitAnswer>;
  /** Answers the task's status. */
  complete(message: CompleteMessage): Promise<string>;
  fail(failure: Failure): Promise<void>;
  /** Epoch milliseconds of the last answer. */
  lastAnswerAt(): number;
}

export interface ControlPlaneOptions {
  apiUrl: string;
  agentId: string;
  token: string;
  /** How long one verb keeps asking before it gives up; from the start on, as the control plane says. */
  patienceMs: number;
}

/** These say that the attempt may not go on. Whoever does not know our token does not know that. */
const dismissingCodes: readonly (ErrorCode | undefined)[] = [
  "task_not_found",
  "task_ended",
  "task_stopped",
  "attempt_superseded",
  "illegal_transition",
];
const callTimeoutMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** All verbs may be repeated: the control plane answers a repetition as it answered the first. */
export function connectControlPlane(options: ControlPlaneOptions): ControlPlane {
  let lastAnswerAt = Date.now();
  let { patienceMs } = options;
  /** How often the work was reported. */
  let round = 0;
  async function call<T extends z.ZodType>(verb: string, body: unknown, answer: T): Promise<z.output<T>> {
    const deadline = Date.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const result = await callOnce(options, verb, body);
      if (result.kind !== "no_answer") lastAnswerAt = Date.now();
      if (result.kind === "answered") return answer.parse(result.body);
      if (result.kind === "dismissed") throw new Dismissed(result.why);
      if (Date.now() + pauseMs > deadline)
        throw new Unanswered(`the control plane did not take ${verb}: ${result.why}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return {
    async start() {
      const answer = await call("start", {}, startAnswer);
      patienceMs = answer.patienceMs;
      return answer;
    },
    beat: async (beat) => (await call("beat", beat, beatAnswer)).inbox,
    messages: async (after) => (await call("messages", { after }, messagesAnswer)).messages,
    async workDone(work) {
      round += 1;
      await call("work-done", { ...work, round }, acknowledged);
    },
    rejected: async (message) => void (await call("rejected", { ...message, round }, acknowledged)),
    conflicted: async (message) => void (await call("conflicted", message, acknowledged)),
    permit: (message) => call("permit", message, permitAnswer),
    complete: async (message) => (await call("complete", message, acknowledged)).status,
    async fail(failure) {
      // A refused report would lose the cause: whatever a server or a command said is made to fit.
      const message = failure.message.slice(0, maxFailureCharacters).toWellFormed() || "no reason was given";
      await call("fail", { ...failure, message }, acknowledged);
    },
    lastAnswerAt: () => lastAnswerAt,
  };
}

type Result = { kind: "answered"; body: unknown } | { kind: "dismissed" | "no_answer" | "failed"; why: string };

async function callOnce({ apiUrl, agentId, token }: ControlPlaneOptions, verb: string, body: unknown): Promise<Result> {
  try {
    const response = await fetch(`${apiUrl}/api/orchestrator/attempts/${agentId}/${verb}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-drover-token": token },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    const text = await response.text();
    if (response.ok) return { kind: "answered", body: JSON.parse(text) };
    const why = `${response.status} ${text.slice(0, 300)}`;
    const code = readProblemCode(text);
    // Somebody on the way, or another server at that address: the control plane itself has said nothing.
    if (code === undefined) return { kind: "no_answer", why };
    return { kind: dismissingCodes.includes(code) ? "dismissed" : "failed", why };
  } catch (error) {
    return { kind: "no_answer", why: error instanceof Error ? `${error.message} ${error.cause ?? ""}` : String(error) };
  }
}
