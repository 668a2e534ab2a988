// What is a tool, and what does the model hear when it uses one wrongly?
import type { ToolResultBlockParam, ToolUnion, ToolUseBlockParam } from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import { WorkspaceError } from "../../workspace-error.ts";

export interface Tool {
  name: string;
  definition: ToolUnion;
  /** One use may take no longer; the tool itself sees to it. */
  limitMs: number;
  use(input: unknown, signal: AbortSignal): Promise<Outcome>;
}

export interface Outcome {
  text: string;
  failed?: boolean;
}

interface ToolParts<Input extends z.ZodType> {
  name: string;
  input: Input;
  limitMs?: number;
  run(input: z.output<Input>, signal: AbortSignal): Promise<Outcome>;
  /** For people and models; or, for a tool that models know by heart, its `type`. */
  description?: string;
  type?: "bash_20250124" | "text_editor_20250728";
}

const shortLimitMs = 60_000;

export function defineTool<Input extends z.ZodType>(parts: ToolParts<Input>): Tool {
  const { name, description, type, input: schema, limitMs = shortLimitMs, run } = parts;
  return {
    name,
    limitMs,
    definition: type
      ? ({ type, name } as ToolUnion)
      : { name, description: description ?? "", input_schema: toJsonSchema(schema) },
    async use(input, signal) {
      const parsed = schema.safeParse(input);
      if (parsed.success) return run(parsed.data, signal);
      return fail(`The input of ${name} is not right, so nothing was done:\n${z.prettifyError(parsed.error)}`);
    },
  };
}

function toJsonSchema(schema: z.ZodType): { type: "object" } {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest as { type: "object" };
}

export function fail(text: string): Outcome {
  return { text, failed: true };
}

/** Throws only when the workspace is gone: that is not for the model to mend. */
export async function useTool(
  tools: readonly Tool[],
  call: ToolUseBlockParam,
  malformed: boolean,
  signal: AbortSignal,
): Promise<ToolResultBlockParam> {
  const { text, failed } = await performUse(tools, call, malformed, signal);
  const content = text.trim() === "" ? "(nothing)" : text;
  return { type: "tool_result", tool_use_id: call.id, content, ...(failed ? { is_error: true } : {}) };
}

async function performUse(
  tools: readonly Tool[],
  { name, input }: ToolUseBlockParam,
  malformed: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const tool = tools.find((candidate) => candidate.name === name);
  if (!tool) return fail(`There is no tool "${name}". There are: ${tools.map((known) => known.name).join(", ")}.`);
  if (malformed) return fail(`The input of ${name} was not valid JSON, so nothing was done. Send it again.`);
  try {
    return await tool.use(input, signal);
  } catch (error) {
    if (error instanceof WorkspaceError && (error.code === "failed" || error.code === "too_large")) {
      return fail(error.message);
    }
    throw error;
  }
}
