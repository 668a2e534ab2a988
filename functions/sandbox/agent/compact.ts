// How does a conversation get smaller without losing its thread?
import { compactionTarget } from "../../core/context-window.ts";
import type { Failure } from "../../core/task.ts";
import { type Answer, type Asking, askModel, type Question } from "./call-model.ts";
import { digestSteps } from "./digest.ts";
import {
  addUserText,
  dropThinking,
  type Messages,
  measure,
  newestWithin,
  type Said,
  shortenResults,
  text,
  textOf,
} from "./messages.ts";

export interface Compacted {
  kind: "compacted";
  messages: Said[];
  how: "shortened" | "summarized" | "begun anew";
  summary?: string;
}
export type Compaction = Compacted | { kind: "failed"; failure: Failure } | { kind: "stopped" };

export interface ToCompact {
  messages: Messages;
  /** What the person has asked for, in the first message. */
  opening: string;
  notes: string;
  /** What estimates must be multiplied with. */
  scale: number;
  /** Of the instructions and the definitions of the tools, measured as `messages.ts` measures. */
  fixedSize: number;
  /** Asks for a summary of these messages. */
  question: (messages: Messages) => Question;
}

const keptMessages = 6;
const summaryTokens = 8_000;

const askForSummary = `[drover] This conversation is about to be shortened, and what you answer now is all that will be left of it, beside your
task, your notes and the newest messages. Use no tools. Write down, for yourself:
1. What has been decided, and why; what was tried and did not work.
2. Which files you have changed and how, and which you have learnt something important about.
3. Which commands check the work, and how they ended the last time.
4. What people and checks have told you, word for word where it matters.
5. What is left to do, step by step.`;

/** First without the model: old results go. If that is not enough, a summary takes the place of all but the newest. */
export async function compact(asking: Asking, state: ToCompact): Promise<Compaction> {
  const shortened = dropThinking(shortenResults(state.messages, keptMessages));
  const { scale } = state;
  const target = compactionTarget(asking.model.contextWindowTokens);
  if ((measure(shortened) + state.fixedSize) * scale <= target) {
    return { kind: "compacted", messages: shortened, how: "shortened" };
  }
  const summary = await summarize(asking, state, state.messages);
  if (summary.kind !== "summary") return summary;
  const first: Said = { role: "user", content: [text(openAnew(state, summary.text))] };
  const room = target - (measure(first) + state.fixedSize) * scale;
  const tail = newestWithin(shortened, room, (message) => measure(message) * scale);
  return {
    kind: "compacted",
    messages: tail.length > 0 ? [first, ...tail] : addUserText([first], goOn(state.messages)),
    how: "summarized",
    summary: summary.text,
  };
}

/** A fresh conversation: the task, the notes and a summary. Works also where the old one is too long to be asked about. */
export async function rotate(asking: Asking, state: ToCompact): Promise<Compaction> {
  const summary = await summarize(asking, state, state.messages);
  if (summary.kind !== "summary") return summary;
  const first: Said = { role: "user", content: [text(openAnew(state, summary.text))] };
  return {
    kind: "compacted",
    messages: addUserText([first], goOn(state.messages)),
    how: "begun anew",
    summary: summary.text,
  };
}

type Summary = { kind: "summary"; text: string } | Exclude<Compaction, Compacted>;

/** The whole conversation is in the provider's cache, so this is asked of the whole first. */
async function summarize(asking: Asking, state: ToCompact, messages: Messages): Promise<Summary> {
  const answer = await ask(asking, state, messages);
  if (answer.kind === "failed" || answer.kind === "stopped") return answer;
  if (answer.kind === "too_long" || answer.kind === "foreign_thinking") {
    const smaller = dropThinking(shortenResults(messages, 0));
    if (measure(smaller) < measure(messages)) return summarize(asking, state, smaller);
  }
  const words = answer.kind === "replied" ? textOf(answer.reply.content) : "";
  return { kind: "summary", text: words || digestSteps(messages) };
}

function ask(asking: Asking, state: ToCompact, messages: Messages): Promise<Answer> {
  const question = state.question(addUserText(messages, askForSummary));
  return askModel(asking, { ...question, maxOutputTokens: Math.min(summaryTokens, question.maxOutputTokens) });
}

function openAnew({ opening, notes }: ToCompact, summary: string): string {
  const parts = [
    opening,
    `[drover] You have worked on this before. To save room, what was said is replaced by your own summary of it:\n\n${summary}`,
    ...(notes ? [`[drover] Your notes:\n\n${notes}`] : []),
  ];
  return parts.join("\n\n");
}

/** What was said last and not answered yet: by a person, a check, or drover. Results of tools are in the summary. */
function goOn(messages: Messages): string {
  const last = messages.at(-1);
  const words = last?.role === "user" && messages.length > 1 ? textOf(last.content) : "";
  return words || "[drover] Go on where you were. The files are as you left them.";
}
