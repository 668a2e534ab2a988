// What does a forge's refusal mean: that nothing will help, or that it is worth asking again?
import * as z from "zod";
import type { PullRequestOutcome } from "../core/pull-requests.ts";
import type { ForgeAnswer } from "./ask.ts";

type Answered = Extract<ForgeAnswer, { kind: "answered" }>;
export type NotOpen = Exclude<PullRequestOutcome, { kind: "open" }>;

/** GitHub puts what is wrong with each field into `errors`, as text or as an object. */
const refusal = z.object({
  message: z.string().catch(""),
  errors: z
    .array(z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]))
    .catch([]),
});

const maxWordsCharacters = 200;

interface Asking {
  token: string;
  nowMs: number;
  /** What the token must be allowed to write. */
  right: "pull requests" | "issues";
}

export function explainAnswer(answer: ForgeAnswer, { token, nowMs, right }: Asking): NotOpen {
  if (answer.kind === "unreachable") return { kind: "later", why: `The forge could not be reached: ${answer.why}.` };
  const { status } = answer;
  const words = wordsOf(answer, token);
  const waitMs = readWait(answer, nowMs);
  if (waitMs !== undefined || status === 429) {
    const wait = waitMs === undefined ? {} : { afterMs: waitMs };
    return { kind: "later", why: `The forge has had enough requests from this token (${status}).`, ...wait };
  }
  if (status >= 500 || status === 408) return { kind: "later", why: `The forge answered ${status}: ${words}` };
  return { kind: "refused", why: explainRefusal(status, words, right) };
}

export function wordsOf({ data }: Answered, token: string): string {
  const parsed = refusal.safeParse(data);
  const { message, errors } = parsed.success ? parsed.data : { message: "", errors: [] };
  const words = [message, ...errors]
    .filter(Boolean)
    .join("; ")
    .replace(/\p{Cc}+/gu, " ");
  // A forge has no reason to repeat the token; should it do so, nobody will read it.
  const safe = token === "" ? words : words.replaceAll(token, "***");
  return safe === "" ? "no reason given" : safe.slice(0, maxWordsCharacters);
}

function explainRefusal(status: number, words: string, right: string): string {
  if (status >= 300 && status < 400) {
    return "The forge sends us elsewhere: the repository was renamed or moved. Use its new address.";
  }
  switch (status) {
    case 401:
      return "The forge refuses the token: it is wrong, expired or revoked. Set the credential again.";
    case 403:
      return `The token may not do this here. Give it the right to write ${right}. The forge says: ${words}`;
    case 404:
      return right === "issues"
        ? "The forge shows no such issue to this token. Check its number, and what the token may see."
        : "The forge shows no such repository to this token. Check its address, and what the token may see.";
    default:
      return `The forge refused it (${status}): ${words}`;
  }
}

/** Undefined when it is no matter of waiting. */
function readWait({ status, headers }: Answered, nowMs: number): number | undefined {
  if (status !== 403 && status !== 429 && status !== 503) return undefined;
  const seconds = Number(headers["retry-after"]);
  if (headers["retry-after"] !== undefined && seconds >= 0) return seconds * 1000;
  if (String(headers["x-ratelimit-remaining"]) !== "0") return undefined;
  const resetAtSeconds = Number(headers["x-ratelimit-reset"]);
  return resetAtSeconds > 0 ? Math.max(0, resetAtSeconds * 1000 - nowMs) : undefined;
}
