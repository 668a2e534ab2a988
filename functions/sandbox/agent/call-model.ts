// How is the model asked once, within the budget, through a network and a server that fail now and then?

import { APIError } from "@anthropic-ai/sdk";
import type {
  MessageCreateParamsStreaming,
  TextBlockParam,
  ToolUnion,
} from "@anthropic-ai/sdk/resources/messages/messages";
import type { ModelProfile } from "../../core/models.ts";
import { costOf } from "../../core/price.ts";
import type { Failure } from "../../core/task.ts";
import type { Budget } from "./budget.ts";
import type { ModelClient } from "./client.ts";
import { judgeError } from "./judge-error.ts";
import { type Messages, withBreakpoints } from "./messages.ts";
import { BrokenStream, type Reply, readReply } from "./read-reply.ts";
import type { Transcript } from "./transcript.ts";

/** Whom to ask, at whose cost, and who is told. */
export interface Asking {
  client: ModelClient;
  model: ModelProfile;
  budget: Budget;
  transcript: Transcript;
  signal: AbortSignal;
  /** Names what is done from now on, and how long that may take. */
  enter: (step: string, limitMs: number) => void;
  time?: Time | undefined;
}

export interface Time {
  now(): number;
  /** Settles early when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Question {
  system: TextBlockParam[];
  tools: ToolUnion[];
  messages: Messages;
  maxOutputTokens: number;
  /** Of the prompt: what the provider's cache should know, and the rest. */
  cachedTokens: number;
  newTokens: number;
  outputConfig?: MessageCreateParamsStreaming["output_config"];
}

export type Answer =
  | { kind: "replied"; reply: Reply }
  | { kind: "too_long" | "foreign_thinking"; said: string }
  | { kind: "failed"; failure: Failure }
  | { kind: "stopped" };

/** How long we wait for a busy server in all, before the attempt ends and its task waits in the queue instead. */
const patienceMs = 5 * 60_000;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
const maxBrokenAnswers = 5;
/** A long answer takes a quarter of an hour. */
export const callLimitMs = 30 * 60_000;

const realTime: Time = {
  now: Date.now,
  pause: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
    }),
};

/** Asks the same question again while there is hope: nothing has been done with half an answer. */
export async function askModel(asking: Asking, question: Question): Promise<Answer> {
  const { budget, model, signal, transcript, time = realTime } = asking;
  let waitedMs = 0;
  let broken = 0;
  for (let tries = 0; ; tries += 1) {
    if (signal.aborted) return { kind: "stopped" };
    asking.enter("asking the model", callLimitMs + patienceMs);
    const { cachedTokens, newTokens, maxOutputTokens } = question;
    const reservation = await budget.reserve({ model, cachedTokens, newTokens, maxOutputTokens });
    if (reservation.kind === "refused") {
      const failureClass = reservation.limit === "wallClockMs" ? "timeout" : "budget";
      return { kind: "failed", failure: { class: failureClass, message: reservation.why } };
    }
    let error: unknown;
    try {
      const reply = await stream(asking, question, reservation.maxTokens);
      budget.settle(model, reply.used);
      recordCall(asking, reply);
      return { kind: "replied", reply };
    } catch (caught) {
      error = caught;
    }
    settleFailed(budget, model, error);
    if (signal.aborted) return { kind: "stopped" };
    const { redact } = asking.client;
    const problem = judgeError(error, { model: model.id, now: time.now(), redact });
    if (problem.kind === "final") return { kind: "failed", failure: problem.failure };
    const { said } = problem;
    if (problem.kind === "too_long" || problem.kind === "foreign_thinking") return { kind: problem.kind, said };
    if (problem.kind === "broken") broken += 1;
    if (broken > maxBrokenAnswers) {
      const message = `The model's provider did not give a whole answer in ${broken} tries; the last time: ${said}`;
      return { kind: "failed", failure: { class: "infrastructure", message } };
    }
    const pauseMs = (problem.kind === "busy" ? problem.retryAfterMs : undefined) ?? backOff(tries);
    if (pauseMs > Math.min(patienceMs - waitedMs, budget.limits.wallClockMs - budget.spend.wallClockMs)) {
      const message = `The model's provider was busy for ${Math.round(waitedMs / 1000)} s: ${said}`;
      return { kind: "failed", failure: { class: "provider_quota", message, retryAt: time.now() + pauseMs } };
    }
    transcript.write({ type: "retry", why: said, pauseMs, tries: tries + 1 });
    await time.pause(pauseMs, signal);
    waitedMs += pauseMs;
  }
}

async function stream({ client, model, signal }: Asking, question: Question, maxTokens: number): Promise<Reply> {
  const params: MessageCreateParamsStreaming = {
    model: client.nameOf(model),
    max_tokens: maxTokens,
    system: question.system,
    messages: withBreakpoints(question.messages),
    stream: true,
    ...(question.tools.length > 0 ? { tools: question.tools } : {}),
    ...(question.outputConfig ? { output_config: question.outputConfig } : {}),
    // Else the model works for minutes without a word that people could follow.
    ...(model.adaptiveThinking ? { thinking: { type: "adaptive", display: "summarized" } } : {}),
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(callLimitMs)]);
  const events = await client.messages.create(params, { signal: limit });
  return readReply(events);
}

/** What a failed call has cost, as far as anybody can know. */
function settleFailed(budget: Budget, model: ModelProfile, error: unknown): void {
  // An overload can also be the first and only event of a stream.
  const cause = error instanceof BrokenStream ? error.cause : error;
  const answered = cause instanceof APIError && (cause.status !== undefined || cause.type !== null);
  if (error instanceof BrokenStream && error.used) budget.settle(model, error.used);
  else if (answered || wasNeverSent(error)) budget.release();
  else budget.forfeit();
}

function wasNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"].includes(code ?? "") || wasNeverSent(error.cause);
}

/** Half of it is chance, so that many agents do not come back at the same moment. */
function backOff(tries: number): number {
  const fullMs = Math.min(longestPauseMs, firstPauseMs * 2 ** tries);
  return fullMs / 2 + Math.random() * (fullMs / 2);
}

function recordCall({ model, budget, transcript }: Asking, { used, stopReason }: Reply): void {
  const microDollars = costOf(model, used);
  transcript.write({ type: "call", model: model.id, stopReason, used, microDollars, spent: budget.spend.microDollars });
}
