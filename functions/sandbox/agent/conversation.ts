// How does an agent work? Ask the model, use the tools it asks for, tell it what came of it, until it is done.
import type { TextBlockParam } from "@anthropic-ai/sdk/resources/messages/messages";
import { listBudgetUse } from "../../core/budget.ts";
import type { ContextDecision } from "../../core/context-window.ts";
import type { Failure, FailureClass } from "../../core/task.ts";
import { type Asking, askModel, type Question } from "./call-model.ts";
import { compact, rotate } from "./compact.ts";
import { openContext } from "./context.ts";
import { describeCall, digestSteps } from "./digest.ts";
import {
  addUserText,
  dropThinking,
  type Messages,
  measure,
  resultText,
  type Said,
  textOf,
  toolCallsOf,
} from "./messages.ts";
import type { Reply } from "./read-reply.ts";
import { type NextStep, readStop } from "./read-stop.ts";
import type { Notes } from "./tools/notes.ts";
import { type Tool, useTool } from "./tools/tool.ts";

export interface ConversationOptions extends Asking {
  instructions: TextBlockParam[];
  tools: readonly Tool[];
  notes: Notes;
  /** What people have written to the agent since the last time; at the `end` it is about to be believed that it is done. */
  inbox: { take(moment: "turn" | "end"): Promise<string[]> };
  /** One line for each step, for people who watch. */
  log: { note(text: string): void; write(text: string): void };
  /** What an earlier attempt has left, worded for the model. */
  resume?: string | undefined;
}

export type RunOutcome =
  | { kind: "done"; summary: string }
  | { kind: "failed"; failure: Failure }
  /** The signal was given; nobody wants to know any more. */
  | { kind: "stopped" };

export interface Conversation {
  /** Again after it was done: with what a check has rejected, say. */
  run(input: string): Promise<RunOutcome>;
  /** What the next attempt should know; asks nobody, so it is there after every end. */
  recap(): { summary: string; notes: string };
}

/** Longer answers are cut into pieces by the model itself. */
const maxOutputTokens = 32_000;
/** Beats go on this much longer than a tool may take, so that its own limit is what ends it. */
const toolGraceMs = 60_000;
const maxOverflows = 2;

export function openConversation(options: ConversationOptions): Conversation {
  const { instructions, tools, notes, inbox, log, model, transcript, signal, budget, client } = options;
  const now = options.time?.now ?? Date.now;
  const definitions = tools.map(({ definition }) => definition);
  const fixedSize = measure([instructions, definitions]);
  const context = openContext(options, fixedSize, log);
  let messages: Said[] = [];
  let opening = "";
  let summary = "";
  let overflows = 0;
  const warned = new Set<string>();

  function say(words: string): void {
    messages = addUserText(messages, words);
  }

  function question(asked: Messages): Question {
    return {
      system: instructions,
      tools: definitions,
      messages: asked,
      maxOutputTokens: Math.min(maxOutputTokens, model.maxOutputTokens),
      ...context.plan(messages),
    };
  }

  async function hearPeople(moment: "turn" | "end"): Promise<boolean> {
    const heard = await inbox.take(moment);
    for (const words of heard) {
      transcript.write({ type: "message", text: words });
      log.note("a message from a person was given to the agent");
      say(`[drover] A person has written to you:\n\n${words}`);
    }
    return heard.length > 0;
  }

  /** Once for each limit, so that it can come to an end in time. */
  function warnOfBudget(): void {
    for (const { limit, state } of listBudgetUse(budget.spend, budget.limits)) {
      if (warned.has(limit)) continue;
      warned.add(limit);
      transcript.write({ type: "note", text: `budget: ${limit} is ${state}` });
      log.note(`the budget is nearly used: ${limit}`);
      say(`[drover] Most of the budget for this task (${limit}) is used. Finish what matters, and come to an end.`);
    }
  }

  /** Undefined when the conversation may go on. */
  async function shrink({ kind, why }: Exclude<ContextDecision, { kind: "go_on" }>): Promise<RunOutcome | undefined> {
    const beforeTokens = context.tokens(messages);
    log.note(`${kind === "compact" ? "shortening the conversation" : "beginning the conversation anew"}: ${why}`);
    const state = { messages, opening, notes: notes.read(), scale: context.scale(), fixedSize, question };
    const result = await (kind === "compact" ? compact : rotate)(options, state);
    if (result.kind !== "compacted") return result;
    messages = result.messages;
    summary = result.summary ?? summary;
    context.shrunk(result.how, why, beforeTokens);
    if (kind === "compact" || context.decide(messages).kind === "go_on") return undefined;
    return fail(
      "poison",
      `The task alone fills too much of the window of ${model.id}. Split it, or name a larger model.`,
    );
  }

  function record({ content }: Reply): void {
    for (const block of content) {
      if (block.type === "thinking" && block.thinking) transcript.write({ type: "thinking", text: block.thinking });
      if (block.type !== "text") continue;
      transcript.write({ type: "text", text: block.text });
      log.write(client.redact(`${block.text.trim()}\n`));
    }
  }

  /** One after the other: the second may build on what the first has done. */
  async function useTools({ content, malformed }: Reply): Promise<boolean> {
    const results: Said["content"] = [];
    for (const call of toolCallsOf(content)) {
      if (signal.aborted) return false;
      const described = client.redact(describeCall(call));
      log.note(described);
      transcript.write({ type: "tool", id: call.id, name: call.name, input: call.input });
      const limitMs = tools.find(({ name }) => name === call.name)?.limitMs ?? 0;
      options.enter(`using ${call.name}`.slice(0, 100), limitMs + toolGraceMs);
      const startedAt = now();
      const result = await useTool(tools, call, malformed.has(call.id), signal);
      const failed = result.is_error === true;
      transcript.write({ type: "result", id: call.id, failed, tookMs: now() - startedAt, text: resultText(result) });
      results.push(result);
    }
    messages = [...messages, { role: "user", content: results }];
    return true;
  }

  async function take(step: NextStep, reply: Reply): Promise<RunOutcome | undefined> {
    if (step.kind === "rotate") return overflow(step.why);
    overflows = 0;
    if (step.kind === "failed") return step;
    if (step.keep) {
      messages = [...messages, { role: "assistant", content: reply.content }];
      context.accept(messages, reply);
    }
    if (step.results) messages = [...messages, { role: "user", content: step.results }];
    if (step.kind === "use_tools") return (await useTools(reply)) ? undefined : { kind: "stopped" };
    if (step.kind === "go_on") {
      if (step.say) say(step.say);
      return undefined;
    }
    // Whoever has written in the last moment is heard all the same.
    if (await hearPeople("end")) return undefined;
    return { kind: "done", summary: textOf(reply.content) || "The agent ended without a word." };
  }

  async function overflow(why: string): Promise<RunOutcome | undefined> {
    overflows += 1;
    if (overflows <= maxOverflows) return shrink({ kind: "rotate", why });
    return {
      kind: "failed",
      failure: { class: "agent_error", message: `The conversation does not fit: ${why}`, repeatable: true },
    };
  }

  async function loop(): Promise<RunOutcome> {
    const stops = readStop();
    let thoughtless = false;
    for (;;) {
      if (signal.aborted) return { kind: "stopped" };
      await hearPeople("turn");
      warnOfBudget();
      const decision = context.decide(messages);
      const end = decision.kind === "go_on" ? undefined : await shrink(decision);
      if (end) return end;
      const answer = await askModel(options, question(messages));
      if (answer.kind === "failed" || answer.kind === "stopped") return answer;
      if (answer.kind === "foreign_thinking" && !thoughtless) {
        thoughtless = true;
        messages = dropThinking(messages);
        continue;
      }
      if (answer.kind !== "replied") {
        const ended = await overflow(answer.said);
        if (ended) return ended;
        continue;
      }
      thoughtless = false;
      record(answer.reply);
      const ended = await take(stops.next(answer.reply), answer.reply);
      if (ended) return ended;
    }
  }

  return {
    async run(input) {
      transcript.write({ type: "input", text: input });
      if (messages.length === 0) opening = [input, options.resume].filter(Boolean).join("\n\n");
      say(messages.length === 0 ? opening : input);
      const outcome = await loop();
      if (outcome.kind === "failed") transcript.write({ type: "failed", ...outcome.failure });
      return outcome;
    },
    recap: () => ({
      summary: [summary, digestSteps(messages)].filter(Boolean).join("\n\nAfter that:\n"),
      notes: notes.read(),
    }),
  };
}

function fail(failureClass: FailureClass, message: string): RunOutcome {
  return { kind: "failed", failure: { class: failureClass, message } };
}
