// Why has the model stopped, and what is the next step?
import type { ToolResultBlockParam } from "@anthropic-ai/sdk/resources/messages/messages";
import type { Failure } from "../../core/task.ts";
import { toolCallsOf } from "./messages.ts";
import type { Reply } from "./read-reply.ts";

/** `keep`: the reply becomes part of the conversation. `results` answer its calls where no tool is run. */
export type NextStep =
  | { kind: "done" | "use_tools"; keep: true; results?: undefined }
  | { kind: "go_on"; keep: boolean; results?: ToolResultBlockParam[]; say?: string }
  | { kind: "rotate"; why: string }
  | { kind: "failed"; failure: Failure };

/** In a row; then it does not get anywhere. */
const maxCutOffs = 4;
const maxPauses = 8;

export interface StopReader {
  next(reply: Reply): NextStep;
}

export function readStop(): StopReader {
  let cutOffs = 0;
  let pauses = 0;

  function afterCutOff({ content, used, malformed }: Reply): NextStep {
    cutOffs += 1;
    if (cutOffs > maxCutOffs) return fail(`Its answers were cut off ${cutOffs} times in a row.`, true);
    const why = `[drover] Your answer was cut off after ${used.output} tokens. Go on in smaller steps.`;
    const calls = toolCallsOf(content);
    if (calls.length === 0 && malformed.size === 0) {
      // Thoughts alone are not kept: there is nothing in them that it could go on from.
      return { kind: "go_on", keep: content.some(({ type }) => type === "text"), say: why };
    }
    // The last call may not be whole, and the ones before it were meant together with it.
    const results = calls.map(({ id }) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: "No tool was run, since your answer was cut off.",
      is_error: true,
    }));
    return { kind: "go_on", keep: true, results, say: why };
  }

  return {
    next(reply) {
      const { stopReason, content, stopDetails } = reply;
      if (stopReason !== "max_tokens") cutOffs = 0;
      if (stopReason !== "pause_turn") pauses = 0;
      switch (stopReason) {
        case "end_turn":
        case "stop_sequence":
        case "tool_use":
          if (toolCallsOf(content).length > 0) return { kind: "use_tools", keep: true };
          if (content.length === 0) return { kind: "go_on", keep: false, say: emptyAnswer };
          return { kind: "done", keep: true };
        case "max_tokens":
          return afterCutOff(reply);
        case "pause_turn":
          // It goes on from its own words, as if it had never stopped.
          pauses += 1;
          return pauses > maxPauses ? fail(`It paused ${pauses} times in a row.`, true) : { kind: "go_on", keep: true };
        case "refusal": {
          const said = [stopDetails?.category, stopDetails?.explanation].filter(Boolean).join(": ");
          return fail(
            `It refused to go on (${said || "no reason given"}). Word the task otherwise, or name another model.`,
          );
        }
        case "model_context_window_exceeded":
          return { kind: "rotate", why: "the model's window is full" };
        default: {
          const unknown: never = stopReason;
          return fail(`It stopped for a reason that is not known here: ${unknown}.`, true);
        }
      }
    },
  };
}

const emptyAnswer = "[drover] Your answer was empty. Go on, or say in a short summary that you are done.";

function fail(what: string, repeatable = false): NextStep {
  return {
    kind: "failed",
    failure: { class: "agent_error", message: `The model did not finish. ${what}`, repeatable },
  };
}
