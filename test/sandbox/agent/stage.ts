// What do the agent's tests share? The real SDK on a scripted server, a clock that does not wait, and simple tools.
import { expect, onTestFinished } from "vitest";
import { z } from "zod";
import { type BudgetLimits, defaultBudget, nothingSpent, type Spend } from "../../../functions/core/budget.ts";
import { knownModels, type ModelProfile } from "../../../functions/core/models.ts";
import { openBudget } from "../../../functions/sandbox/agent/budget.ts";
import type { Asking } from "../../../functions/sandbox/agent/call-model.ts";
import { openModelClient } from "../../../functions/sandbox/agent/client.ts";
import { openConversation } from "../../../functions/sandbox/agent/conversation.ts";
import { openNotes } from "../../../functions/sandbox/agent/tools/notes.ts";
import { defineTool, type Tool } from "../../../functions/sandbox/agent/tools/tool.ts";
import { openTranscript, type TranscriptRecord } from "../../../functions/sandbox/agent/transcript.ts";
import {
  type MessagesApi,
  type MessagesApiOptions,
  type Script,
  startMessagesApi,
} from "../../support/messages-api.ts";

export interface StageOptions {
  limits?: Partial<BudgetLimits>;
  spend?: Partial<Spend>;
  model?: Partial<ModelProfile>;
  tools?: Tool[];
  resume?: string;
  apiKey?: string;
  baseUrl?: string;
  server?: MessagesApiOptions;
}

export const startOfTime = Date.parse("2026-11-25T12:00:00Z");

export async function openStage(script: Script, options: StageOptions = {}) {
  const api = await startMessagesApi(script, options.server);
  onTestFinished(async () => {
    await api.close();
    // Whatever goes wrong, what we send is never at fault.
    expect(api.refused).toEqual([]);
  });
  const clock = { now: startOfTime, pauses: [] as number[] };
  const now = () => clock.now;
  const saved: Spend[] = [];
  const client = openModelClient({
    apiKey: options.apiKey ?? api.key,
    provider: "anthropic",
    baseUrl: options.baseUrl ?? api.url,
  });
  const transcript = openTranscript({ redact: client.redact, now });
  const budget = openBudget({
    limits: { ...defaultBudget, ...options.limits },
    spend: { ...nothingSpent, ...options.spend },
    now,
    save: async (spend) => void saved.push(spend),
  });
  const stop = new AbortController();
  const steps: { step: string; limitMs: number }[] = [];
  const asking: Asking = {
    client,
    model: { ...modelNamed("claude-sonnet-5-5"), ...options.model },
    budget,
    transcript,
    signal: stop.signal,
    enter: (step, limitMs) => void steps.push({ step, limitMs }),
    time: {
      now,
      async pause(ms) {
        clock.pauses.push(ms);
        clock.now += ms;
      },
    },
  };
  const inbox: string[] = [];
  const lines: string[] = [];
  const used: unknown[] = [];
  const notes = openNotes();
  const conversation = openConversation({
    ...asking,
    instructions: [{ type: "text", text: "You are a test.", cache_control: { type: "ephemeral" } }],
    tools: [echoTool(used), notes.tool, ...(options.tools ?? [])],
    notes,
    inbox: { take: async () => inbox.splice(0) },
    log: { note: (text) => void lines.push(text), write: (text) => void lines.push(text) },
    resume: options.resume,
  });
  const records = (type: TranscriptRecord["type"]) =>
    transcript
      .read()
      .toString()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as TranscriptRecord)
      .filter((record) => record.type === type);
  return {
    api,
    clock,
    saved,
    transcript,
    budget,
    stop,
    steps,
    asking,
    inbox,
    lines,
    used,
    notes,
    conversation,
    records,
  };
}

/** Answers with what it was given, as often as it is told, and keeps a list. */
function echoTool(used: unknown[]): Tool {
  return defineTool({
    name: "echo",
    description: "Says it again.",
    input: z.strictObject({ say: z.string(), times: z.int().positive().default(1) }),
    async run({ say, times }) {
      used.push(say);
      return { text: say.repeat(times) };
    },
  });
}

export function modelNamed(id: string): ModelProfile {
  const model = knownModels.find((candidate) => candidate.id === id);
  if (!model) throw new Error(`there is no ${id}`);
  return model;
}

export const echo = (say: string, times = 1) => ({ name: "echo", input: { say, times } });

/** The text of every block of one message of a request, results of tools included. */
export function said(api: MessagesApi, request: number, message: number): string[] {
  const content = api.requests[request]?.body.messages.at(message)?.content;
  if (typeof content === "string") return [content];
  return (content ?? []).map((block) => {
    if (block.type === "text") return block.text;
    return block.type === "tool_result" && typeof block.content === "string" ? block.content : block.type;
  });
}
