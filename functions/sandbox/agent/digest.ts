// What has happened in a conversation, told without asking a model?
import type { ToolUseBlockParam } from "@anthropic-ai/sdk/resources/messages/messages";
import { type Messages, textOf, toolCallsOf } from "./messages.ts";

const maxDigestCharacters = 12_000;
const maxInputCharacters = 160;
const maxTextCharacters = 1_500;

/** The newest steps, oldest first: what the agent said, and which tools it used. */
export function digestSteps(messages: Messages): string {
  const steps: string[] = [];
  let room = maxDigestCharacters;
  for (const { role, content } of messages.toReversed()) {
    if (role !== "assistant") continue;
    const words = textOf(content);
    const lines = [
      ...(words ? [shorten(words, maxTextCharacters)] : []),
      ...toolCallsOf(content).map((call) => `- ${describeCall(call)}`),
    ];
    const step = lines.join("\n");
    room -= step.length;
    if (room < 0) {
      steps.push("[drover: earlier steps are left out]");
      break;
    }
    if (step) steps.push(step);
  }
  return steps.reverse().join("\n");
}

/** One line for people: the tool and the beginning of what it was given. */
export function describeCall({ name, input }: ToolUseBlockParam): string {
  const fields = typeof input === "object" && input !== null ? Object.entries(input) : [];
  const shown = fields.map(([field, value]) => {
    return `${field}=${shorten(typeof value === "string" ? value : JSON.stringify(value), maxInputCharacters)}`;
  });
  return `${name} ${shown.join(" ")}`.trimEnd().replaceAll(/\s+/g, " ");
}

function shorten(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters).toWellFormed()}…`;
}
