import { describe, expect, it } from "vitest";
import type { Task } from "../../../clients/client.ts";
import { type EditForm, toEdit, toEditForm } from "../../../clients/dashboard/task/edit-form.ts";

const task = {
  ...{ taskId: "tsk_1", version: 4, title: "Audit", prompt: "Audit it", priority: 7, maxAttempts: 2, labels: ["deps"] },
  limits: { wallClockMs: 90_500, rejections: 3, tokens: 9_000, microDollars: 2_500_000, turns: 40 },
  gates: { profile: "custom", gates: ["test", "links"], chosenBy: "request" },
  allowConfigChanges: ["package.json"],
  notBefore: "2026-11-27T08:30:00.000Z",
} as unknown as Task;
const usual = { ...task, gates: { profile: "standard", gates: ["typecheck"], chosenBy: "agent_type" } } as Task;
const edit = (change: Partial<EditForm>, of = task) => toEdit(of, { ...toEditForm(of), ...change });

describe("the form for a task that waits", () => {
  it("shows all that may be changed of it, in people's units", () =>
    expect(toEditForm(task)).toMatchObject({
      ...{ title: "Audit", priority: 7, minutes: 90.5 / 60, dollars: 2.5, tokens: 9_000, turns: 40, rejections: 3 },
      ...{ profile: "custom", gates: ["test", "links"], allowConfigChanges: ["package.json"] },
      notBefore: expect.stringMatching(/^2026-11-2[678]T\d\d:[03]0$/),
    }));

  it("asks for nothing where nothing was changed", () => {
    expect(edit({})).toBeUndefined();
    expect(edit({}, usual)).toBeUndefined();
  });

  it.each<[string, Partial<EditForm>, object]>([
    ["a limit alone", { dollars: 3, turns: "" }, { limits: { dollars: 3 } }],
    ["a time in minutes", { minutes: 10 }, { limits: { wallClockMs: 600_000 } }],
    ["gates in the place of others", { gates: ["lint"] }, { gates: { gates: ["lint"] } }],
    ["a profile in the place of gates", { profile: "strict" }, { gates: { profile: "strict" } }],
    ["lists that are emptied", { labels: [], allowConfigChanges: [] }, { labels: [], allowConfigChanges: [] }],
    ["a number that was typed", { priority: "9", maxAttempts: "" }, { priority: 9 }],
    ["a later start", { notBefore: "2027-01-01T00:00" }, { notBefore: new Date(2027, 0, 1).toISOString() }],
  ])("asks for %s, of the version that was read", (_, change, expected) =>
    expect(edit(change)).toEqual({ version: 4, ...expected }));
});
