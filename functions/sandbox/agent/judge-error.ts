// A call to the model has failed: is it worth another try, and if not, what does it mean for the attempt?
import { APIConnectionError, APIError } from "@anthropic-ai/sdk";
import type { Failure } from "../../core/task.ts";
import { BrokenStream } from "./read-reply.ts";

export type CallProblem =
  /** The server is busy, or limits how fast we may ask: the same call again, later. */
  | { kind: "busy"; retryAfterMs: number | undefined; said: string }
  /** Nobody answered, or the answer broke off: the same call again. */
  | { kind: "broken"; said: string }
  /** The conversation is longer than the server takes. */
  | { kind: "too_long"; said: string }
  /** Thoughts of the model stand behind words that have changed since. */
  | { kind: "foreign_thinking"; said: string }
  | { kind: "final"; failure: Failure };

/** How long an account without credit is left alone when nobody says when it has some again. */
const creditPauseMs = 60 * 60_000;
const creditCodes = new Set([
  "contract_spend_limit_reached",
  "enforced_spend_limit_reached",
  "linked_organization_spend_limit_reached",
  "linked_organization_billing_unavailable",
]);
/** There is no code for these; the words are those of the provider. */
const creditWords = /credit balance|spend(ing)? limit|usage limit|billing|quota|out of credits?|regain access/i;

interface Context {
  model: string;
  now: number;
  /** Takes the key out; before anything is cut, since half a key would not be found. */
  redact(text: string): string;
}

export function judgeError(error: unknown, context: Context): CallProblem {
  if (error instanceof BrokenStream) {
    // An error that the server sends in the middle of its stream is as good as an answer.
    const { cause } = error;
    if (!(cause instanceof APIError) || cause.type === null) return { kind: "broken", said: tell(cause, context) };
    return judgeAnswer(cause, context);
  }
  if (error instanceof APIConnectionError) return { kind: "broken", said: tell(error, context) };
  if (error instanceof APIError) return judgeAnswer(error, context);
  // The client's own mistake, as a header that cannot be sent.
  return final("infrastructure", `The call to the model could not be made: ${tell(error, context)}`);
}

function judgeAnswer(error: APIError, context: Context): CallProblem {
  const { model, now } = context;
  const said = tell(error, context);
  const status = error.status ?? statusOfType(error.type);
  if (isOutOfCredit(error, status)) {
    const retryAt = readRegainedAt(said) ?? now + creditPauseMs;
    return final("provider_quota", `The model's provider has no credit for this key: ${said}`, { retryAt });
  }
  if (status === 429 || status === 529) return { kind: "busy", retryAfterMs: readRetryAfter(error), said };
  if (status >= 500 || status === 408 || status === 409) {
    return { kind: "busy", retryAfterMs: readRetryAfter(error), said };
  }
  if (status === 401) return final("poison", `The model's provider refuses the model credential: ${said}`);
  if (status === 403) {
    return final("poison", `The model credential may not use ${model}, or the account is held: ${said}`);
  }
  if (status === 404) return final("poison", `The model's provider does not know ${model}: ${said}`);
  if (status === 413 || /prompt is too long|exceed.*context (window|limit)/i.test(said))
    return { kind: "too_long", said };
  if (/thinking/.test(said) && /signature|bound to/.test(said)) return { kind: "foreign_thinking", said };
  return final("agent_error", `The model's provider refuses the request: ${said}`, { repeatable: true });
}

function final(failureClass: Failure["class"], message: string, more: Partial<Failure> = {}): CallProblem {
  return { kind: "final", failure: { class: failureClass, message, ...more } };
}

function isOutOfCredit(error: APIError, status: number): boolean {
  if (status === 402 || error.type === "billing_error") return true;
  if (error.errorCode !== null && creditCodes.has(error.errorCode)) return true;
  return (status === 400 || status === 403) && creditWords.test(error.message);
}

/** In a stream only the type of an error is known. */
function statusOfType(type: APIError["type"]): number {
  const statuses: Partial<Record<string, number>> = {
    invalid_request_error: 400,
    authentication_error: 401,
    billing_error: 402,
    permission_error: 403,
    not_found_error: 404,
    request_too_large: 413,
    rate_limit_error: 429,
    overloaded_error: 529,
  };
  return statuses[type ?? ""] ?? 500;
}

function readRetryAfter({ headers }: APIError): number | undefined {
  const precise = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(precise)) return Math.max(0, precise);
  const seconds = Number(headers?.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

/** "You will regain access on 2026-12-01 at 00:00 UTC." */
function readRegainedAt(said: string): number | undefined {
  const [, day, time = "00:00"] = /regain access on (\d{4}-\d\d-\d\d)(?: at (\d\d:\d\d) UTC)?/.exec(said) ?? [];
  const at = day ? Date.parse(`${day}T${time}:00Z`) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

const maxSaidCharacters = 300;

/** An answer of the provider, what the network said, or what the SDK could not send. */
function tell(error: unknown, { redact }: Context): string {
  if (!(error instanceof Error)) return redact(String(error));
  const said = error instanceof APIError ? (error.apiMessage ?? error.message) : error.message;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  const prefix = error instanceof APIError && error.status ? `${error.status} ` : "";
  return redact(`${prefix}${said}${cause}`).replaceAll(/\s+/g, " ").slice(0, maxSaidCharacters);
}
