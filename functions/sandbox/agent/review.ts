// Would somebody who did not take part in the work merge it, and does it do what was asked? Two answers, one call.
import { z } from "zod";
import { estimateTokens } from "../../core/models.ts";
import type { Failure } from "../../core/task.ts";
import { type Answer, type Asking, askModel } from "./call-model.ts";
import { reviewInstructions } from "./instructions/review.ts";
import { text, textOf } from "./messages.ts";

export interface ReviewInput {
  task: string;
  diff: string;
  /** Changed files that do not fit into the diff, or are not text. What nobody has seen is not approved. */
  leftOut: readonly string[];
  /** Pictures and the like, of which the diff has the name only. */
  named: readonly { path: string; status: string; kind: string; bytes: number }[];
  /** What stood out to the gates: changed checks, a test that is gone. */
  notes: readonly string[];
}

export interface Finding {
  severity: "blocker" | "major" | "minor";
  file: string;
  line: number | null;
  problem: string;
}

export interface Judgement {
  approved: boolean;
  /** 0 to 1, the model's own; 0 where there is no readable answer. */
  confidence: number;
  why: string;
}

export interface Verdict {
  kind: "judged";
  review: Judgement;
  /** Is the task done as it was asked? */
  completion: Judgement;
  findings: Finding[];
}
export type ReviewOutcome = Verdict | { kind: "failed"; failure: Failure } | { kind: "stopped" };

const leastConfidence = 0.9;
const maxOutputTokens = 16_000;
/** Of the window; the rest is for thoughts and the answer. */
const maxPromptShare = 0.8;

const judgement = z.strictObject({ approved: z.boolean(), confidence: z.number().min(0).max(1), reason: z.string() });
const answerSchema = z.strictObject({
  findings: z.array(
    z.strictObject({
      severity: z.enum(["blocker", "major", "minor"]),
      file: z.string(),
      line: z.int().nullable(),
      problem: z.string(),
    }),
  ),
  review: judgement,
  completion: judgement,
});

/** In a conversation of its own, which has seen nothing of how the work came about. */
export async function reviewWork(asking: Asking, input: ReviewInput): Promise<ReviewOutcome> {
  if (input.leftOut.length > 0) {
    return rejectBoth(`These changes cannot be looked at, being too large or not text: ${input.leftOut.join(", ")}.`);
  }
  const words = wordQuestion(input);
  const promptTokens = estimateTokens(reviewInstructions) + estimateTokens(words);
  const { contextWindowTokens, id } = asking.model;
  if (promptTokens > contextWindowTokens * maxPromptShare) {
    return rejectBoth(`The change is too large for ${id} to be looked at whole: about ${promptTokens} tokens.`);
  }
  const answer = await askModel(asking, {
    system: [text(reviewInstructions)],
    tools: [],
    messages: [{ role: "user", content: [text(words)] }],
    maxOutputTokens,
    cachedTokens: 0,
    newTokens: promptTokens,
    outputConfig: { format: { type: "json_schema", schema: answerShape } },
  });
  if (answer.kind === "failed" || answer.kind === "stopped") return answer;
  const verdict = judge(answer);
  asking.transcript.write({ type: "note", text: `review: ${JSON.stringify(verdict)}` });
  return verdict;
}

function judge(answer: Exclude<Answer, { kind: "failed" | "stopped" }>): Verdict {
  if (answer.kind !== "replied") return rejectBoth(`The reviewer could not be asked: ${answer.said}`);
  const { stopReason, content } = answer.reply;
  if (stopReason === "refusal") return rejectBoth("The reviewer refused to judge the change.");
  if (stopReason !== "end_turn") return rejectBoth(`The reviewer's answer was cut off (${stopReason}).`);
  const parsed = parse(textOf(content));
  if (!parsed) return rejectBoth("The reviewer's answer cannot be read.");
  const { findings, review, completion } = parsed;
  const blocker = findings.find(({ severity }) => severity === "blocker");
  return {
    kind: "judged",
    findings,
    review: blocker
      ? { approved: false, confidence: review.confidence, why: `${blocker.file}: ${blocker.problem}` }
      : weigh(review),
    completion: weigh(completion),
  };
}

/** An approval counts only if it is given, and given with confidence. */
function weigh({ approved, confidence, reason }: z.output<typeof judgement>): Judgement {
  if (!approved || confidence >= leastConfidence) return { approved, confidence, why: reason };
  return { approved: false, confidence, why: `Approved with a confidence of only ${confidence}: ${reason}` };
}

function parse(words: string): z.output<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(words)).data;
  } catch {
    // No JSON. The caller does not approve what it cannot read.
    return undefined;
  }
}

function rejectBoth(why: string): Verdict {
  const rejected = { approved: false, confidence: 0, why };
  return { kind: "judged", review: rejected, completion: rejected, findings: [] };
}

function wordQuestion({ task, diff, named, notes }: ReviewInput): string {
  const media = named.map(
    ({ path, status, kind, bytes }) => `- ${status}: ${JSON.stringify(path)}: ${kind}, ${bytes} bytes`,
  );
  const parts = [
    frame("task", task),
    ...(notes.length > 0 ? [frame("notes_of_the_checks", notes.map((note) => `- ${note}`).join("\n"))] : []),
    frame("change", diff || "(nothing was changed)"),
    ...(media.length > 0 ? [frame("files_that_are_not_text", media.join("\n"))] : []),
    "Judge the change.",
  ];
  return parts.join("\n\n");
}

/** Nothing within can end its own frame. */
function frame(name: string, inner: string): string {
  return `<${name}>\n${inner.replaceAll(new RegExp(`<(/?)${name}`, "gi"), `&lt;$1${name}`)}\n</${name}>`;
}

const judgementShape = {
  type: "object",
  properties: { approved: { type: "boolean" }, confidence: { type: "number" }, reason: { type: "string" } },
  required: ["approved", "confidence", "reason"],
  additionalProperties: false,
};
/** The provider holds the model to this; its schemas know no ranges, so those are checked here alone. */
const answerShape = {
  type: "object",
  properties: {
    findings: {
      type: "array",
      items: {
        type: "object",
        properties: {
          severity: { type: "string", enum: ["blocker", "major", "minor"] },
          file: { type: "string" },
          line: { anyOf: [{ type: "integer" }, { type: "null" }] },
          problem: { type: "string" },
        },
        required: ["severity", "file", "line", "problem"],
        additionalProperties: false,
      },
    },
    review: judgementShape,
    completion: judgementShape,
  },
  required: ["findings", "review", "completion"],
  additionalProperties: false,
};
