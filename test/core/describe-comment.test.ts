import { expect, it } from "vitest";
import { describeComment, markOf } from "../../functions/core/describe-comment.ts";
import { makeTask } from "../support/make-task.ts";

const taskId = "tsk_01K0000000000000000000000A";
const spend = { spend: { microDollars: 1_230_000 } } as never;

it.each([
  [
    "a pull request, its branch and what it cost",
    {
      status: "completed",
      branch: "drover/x",
      publishOutcome: "pushed",
      pullRequest: { state: "open", url: "https://f.test/1", number: 1 },
    },
    ["**drover: done**", "Pull request: https://f.test/1", "Branch `drover/x`", "Cost: $1.23"],
    ["YOLO"],
  ],
  ["that nothing had to be done", { status: "completed", noChanges: true }, ["nothing had to be changed"], ["Branch"]],
  [
    "why no pull request is there",
    {
      status: "completed",
      branch: "drover/x",
      publishOutcome: "pushed",
      pullRequest: { state: "failed", why: "no `right`" },
    },
    ["No pull request could be opened: `no 'right'`"],
    [],
  ],
  [
    "what has failed, in words that call nobody",
    { status: "failed", failure: { class: "agent_error", message: "@everyone ``` closes #1" } },
    ["**drover: failed (agent error)**", "````text\n@everyone ``` closes #1\n````"],
    [],
  ],
  [
    "that somebody stopped it, and nothing of a branch that was not pushed",
    { status: "killed", branch: "drover/x", publishOutcome: "not_pushed" },
    ["stopped by a person"],
    ["drover/x"],
  ],
  [
    "that its gates were skipped",
    { status: "completed", noChanges: true, yolo: true },
    ["gates were skipped (YOLO)"],
    [],
  ],
] as const)("a comment tells %s", (_what, over, said, unsaid) => {
  const { failure: _, ...task } = makeTask({ taskId });
  const text = describeComment({ task: { ...task, ...over } as never, attempts: [{ beat: spend }] });
  expect(text.startsWith(markOf(taskId))).toBe(true);
  for (const words of said) expect(text).toContain(words);
  for (const words of unsaid) expect(text).not.toContain(words);
});

it("a comment links the task where drover knows its own address, and else names it", () => {
  const task = makeTask({ taskId, status: "completed" });
  expect(describeComment({ task, attempts: [] })).toContain(`Task \`${taskId}\``);
  const link = `https://drover.example/tasks/${taskId}`;
  expect(describeComment({ task, attempts: [], link })).toContain(`(${link})`);
});
