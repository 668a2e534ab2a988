import { describe, expect, it } from "vitest";
import type { AuditEvent, TaskSummary } from "../../../clients/client.ts";
import { taskErrorsOf } from "../../../clients/dashboard/admin/task-errors.ts";
import { filterTasks, noFilter } from "../../../clients/dashboard/fleet/filter-tasks.ts";
import { mergeEvents, mergeSnapshot, mergeTasks, type Tasks } from "../../../clients/dashboard/fleet/merge-tasks.ts";
import { spentToday } from "../../../clients/dashboard/fleet/spent-today.ts";
import { changeRequest, toForm } from "../../../clients/dashboard/new-task/change-request.ts";
import { emptyForm, type TaskRequest } from "../../../clients/dashboard/new-task/task-form.ts";
import { foldLimits } from "../../../clients/dashboard/task/fold-limits.ts";
import { type Holders, sayWait } from "../../../clients/dashboard/task/say-wait.ts";
import { splitDiff } from "../../../clients/dashboard/task/split-diff.ts";
import { emptyFeed, gapMark, joinOutput, takeTaskEvent } from "../../../clients/dashboard/task/task-feed.ts";
import { verifyChain } from "../../../clients/dashboard/task/verify-chain.ts";
import { hashEvent } from "../../../functions/core/audit.ts";

const task = (n: number, change: Partial<TaskSummary> = {}): TaskSummary => ({
  taskId: `tsk_${String(n).padStart(26, "0")}`,
  workspace: "default",
  version: 1,
  status: "queued",
  title: `Task ${n}`,
  priority: 5,
  createdBy: "key_1",
  owner: "local",
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  attempt: 0,
  maxAttempts: 3,
  backend: "default",
  repositoryKey: "abc",
  ...change,
});
const known = (...tasks: TaskSummary[]): Tasks => new Map(tasks.map((one) => [one.taskId, one]));

/** A chain as the API writes it, with its own hashes. */
function chain(...types: [string, AuditEvent["to"]][]): AuditEvent[] {
  let previousHash = "";
  let from: AuditEvent["to"] | undefined;
  return types.map(([type, to], index) => {
    const stored = {
      ...{ eventId: `evt_${index}` as const, taskId: task(1).taskId as `tsk_${string}`, version: index + 1, type },
      ...{ at: 1_767_225_600_123 + index, by: "key_1", ...(from ? { from } : {}), to },
      data: { z: 1, a: { nested: ["ü", null], gone: undefined }, reason: "because" },
      previousHash,
    };
    previousHash = hashEvent(stored);
    from = to;
    const { at, ...rest } = JSON.parse(JSON.stringify({ ...stored, hash: previousHash }));
    return { ...rest, at: new Date(at).toISOString() };
  });
}

describe("what is known of the fleet", () => {
  it("never goes back to an older version of a task", () => {
    const tasks = known(task(1, { version: 5, status: "running" }));
    expect(mergeTasks(tasks, [task(1, { version: 3 })])).toBe(tasks);
    expect(mergeEvents(tasks, chain(["created", "queued"])).tasks.get(task(1).taskId)?.status).toBe("running");
  });

  it("counts the attempt of a claim, and reads what an event does not say", () => {
    const [created, claimed, killed] = chain(["created", "queued"], ["claimed", "launching"], ["killed", "killed"]);
    const after = mergeEvents(known(task(1)), [created, claimed] as AuditEvent[]);
    expect(after.tasks.get(task(1).taskId)).toMatchObject({ status: "launching", attempt: 1, version: 2 });
    expect(after.toRead).toEqual([]);
    const ended = mergeEvents(after.tasks, [killed] as AuditEvent[]);
    expect(ended.tasks.get(task(1).taskId)).toMatchObject({ status: "killed", version: 2 });
    expect(ended.toRead).toEqual([task(1).taskId]);
    // What is read then is newer than what was made of the event, although both are at the same event.
    const read = task(1, {
      version: 3,
      status: "killed",
      killed: { by: "k", reason: "r", from: "running", cause: "kill" },
    });
    expect(mergeTasks(ended.tasks, [read]).get(read.taskId)).toBe(read);
  });

  it("reads a task that it meets for the first time", () => {
    expect(mergeEvents(known(), chain(["created", "queued"])).toRead).toEqual([task(1).taskId]);
  });

  it("reads what was active and is missing in a whole snapshot, and nothing after one that is cut off", () => {
    const tasks = known(task(1), task(2), task(3, { status: "completed" }));
    expect(mergeSnapshot(tasks, { tasks: [task(2)], complete: true }).toRead).toEqual([task(1).taskId]);
    expect(mergeSnapshot(tasks, { tasks: [task(2)], complete: false }).toRead).toEqual([]);
  });
});

describe("the list", () => {
  const tasks = [
    task(1, { title: "Fix parser", status: "running", priority: 2 }),
    task(2, { title: "Bump deps", status: "killed", labels: ["nightly"], priority: 9 }),
    task(3, { title: "Fix lexer", repositoryKey: "def" }),
  ];
  const nameOf = (key: string) => (key === "def" ? "acme/shop" : key);
  const titles = (change: object) => filterTasks(tasks, { ...noFilter, ...change }, nameOf).map(({ title }) => title);

  it.each([
    [{}, ["Fix lexer", "Bump deps", "Fix parser"]],
    [{ group: "live" }, ["Fix parser"]],
    [{ group: "killed" }, ["Bump deps"]],
    [{ label: "nightly" }, ["Bump deps"]],
    [{ search: "FIX acme" }, ["Fix lexer"]],
    [{ search: "0000000002" }, ["Bump deps"]],
    [{ order: "priority" }, ["Bump deps", "Fix lexer", "Fix parser"]],
    [{ order: "oldest" }, ["Fix parser", "Bump deps", "Fix lexer"]],
  ])("with %o shows %o", (change, expected) => expect(titles(change)).toEqual(expected));
});

describe("the chain of a task", () => {
  it("holds in the browser where it holds for the API", async () => {
    const events = chain(["created", "queued"], ["claimed", "launching"], ["started", "running"]);
    expect(await verifyChain(events)).toEqual({ kind: "holds", events: 3 });
  });

  it.each([
    ["content", (events: AuditEvent[]) => ((events[1] as AuditEvent).data.reason = "another"), /does not match/],
    ["time", (events: AuditEvent[]) => ((events[1] as AuditEvent).at = "2026-02-02T00:00:00.000Z"), /does not match/],
    ["a gap", (events: AuditEvent[]) => events.splice(1, 1), /stands in its place/],
    ["order", (events: AuditEvent[]) => ((events[1] as AuditEvent).previousHash = "0"), /does not follow/],
  ])("is broken by %s", async (_what, spoil, why) => {
    const events = chain(["created", "queued"], ["claimed", "launching"], ["started", "running"]);
    spoil(events);
    expect(await verifyChain(events)).toMatchObject({ kind: "broken", version: 2, why: expect.stringMatching(why) });
  });
});

describe("the log of a task", () => {
  it.each([
    ["", [{ from: 0, text: "abc" }], "abc", false],
    ["abc", [{ from: 1, text: "bcd" }], "abcd", false],
    ["abcdef", [{ from: 0, text: "abc" }], "abcdef", false],
    ["ab", [{ from: 4, text: "ef" }], `ab${gapMark}ef`, true],
    [
      "",
      [
        { from: 0, text: "ab" },
        { from: 2, text: "cd" },
      ],
      "abcd",
      false,
    ],
  ])("%o and %o are one text", (log, pieces, text, hasGap) =>
    expect(joinOutput(log, pieces)).toEqual({ text, hasGap }));

  it("has each event once, also where it is told again after a break", () => {
    const events = chain(["created", "queued"], ["claimed", "launching"]);
    const audits = [...events, ...events].map((event) => ({ kind: "audit", id: "1", event }) as const);
    expect(audits.reduce(takeTaskEvent, emptyFeed).events).toEqual(events);
  });

  it("begins anew with another attempt", () => {
    const progress = { seq: 1, step: "s", stepStartedAt: "", output: "x", outputFrom: 0, outputLength: 1 };
    const first = takeTaskEvent(emptyFeed, { kind: "progress", id: "1", progress: { ...progress, agentId: "a_1" } });
    const second = takeTaskEvent(first, { kind: "progress", id: "2", progress: { ...progress, agentId: "a_2" } });
    expect(second.pieces).toEqual([{ from: 0, text: "x" }]);
  });
});

it("the limits of the sandbox that a log begins with are told apart from what was printed", () => {
  const limit = (what: string) => `[drover] limit of this sandbox: ${what}\n`;
  const printed = `[drover] cloning branch main\n${limit("printed by a program")}`;
  expect(foldLimits(limit("memory: 64 MB") + limit("CPU: 1") + printed)).toEqual({
    limits: ["memory: 64 MB", "CPU: 1"],
    rest: printed,
  });
  expect(foldLimits(printed)).toEqual({ limits: [], rest: printed });
});

describe("why a task waits is said by the first cause that holds it back", () => {
  const on = { paused: false, stopped: false };
  const back = (data: object) => ({ from: "launching", to: "queued", data }) as AuditEvent;
  const created = { to: "queued", data: {} } as AuditEvent;
  const notBefore = "2026-01-01T10:00:00.000Z";
  const cases: [string, Partial<TaskSummary>, Partial<Holders>, RegExp][] = [
    [
      "a stop before a pause",
      { notBefore },
      { global: { ...on, stopped: true, reason: "fire" }, workspace: { ...on, paused: true } },
      /^until everything is released, because it was stopped: fire$/,
    ],
    [
      "a pause",
      {},
      { workspace: { ...on, paused: true } },
      /^until workspace default is resumed, because it was paused$/,
    ],
    ["a provider", { notBefore }, { quotaUntil: notBefore }, /^until .*2026.*, because the provider of its model/],
    ["a delay", { notBefore }, { events: [created] }, /^until .*2026.*, because it was asked for then$/],
    [
      "a put-back",
      { notBefore },
      { events: [created, back({ why: "no room" })] },
      /^until .*, because it was put back: no room$/,
    ],
    [
      "a failure",
      { notBefore },
      { events: [created, back({ failure: { message: "no disk" } })] },
      /^until .*, because its last attempt failed: no disk$/,
    ],
    ["nothing of its own", {}, { global: on, workspace: on, events: [created] }, /^for its turn: for room/],
  ];
  it.each(cases)("%s", (_, change, holders, words) =>
    expect(sayWait(task(1, change), { events: [], ...holders })).toMatch(words));
});

describe("a diff", () => {
  const added = "diff --git a/n.js b/n.js\nnew file mode 100644\n--- /dev/null\n+++ b/n.js\n@@ -0,0 +1 @@\n+++x\n";
  const gone = "diff --git a/o.js b/o.js\ndeleted file mode 100644\n--- a/o.js\n+++ /dev/null\n@@ -1 +0,0 @@\n--x\n";
  const moved = "diff --git a/a b.md b/c d.md\nsimilarity index 100%\nrename from a b.md\nrename to c d.md\n";
  const binary = "diff --git a/p.png b/p.png\nindex 1..2 100644\nBinary files a/p.png and b/p.png differ\n";

  it("is read file by file, and lines that look like heads are lines", () => {
    expect(splitDiff(added + gone + moved + binary)).toMatchObject([
      { path: "n.js", kind: "added", additions: 1, deletions: 0, text: added },
      { path: "o.js", kind: "deleted", additions: 0, deletions: 1, text: gone },
      { path: "c d.md", oldPath: "a b.md", kind: "renamed", additions: 0, deletions: 0 },
      { path: "p.png", kind: "binary" },
    ]);
  });
});

describe("what today has cost", () => {
  const now = new Date(2026, 10, 26, 9, 30);
  const hour = (date: Date, microDollars: number) => ({
    ...{ at: date.toISOString(), completed: 0, failed: 0, killed: 0, microDollars },
  });

  it("is what was spent since midnight where one looks from, this hour included", () => {
    const hours = [
      hour(new Date(2026, 10, 25, 23), 100),
      hour(new Date(2026, 10, 26, 0), 20),
      hour(new Date(2026, 10, 26, 9), 3),
    ];
    expect(spentToday(hours, now)).toBe(23);
  });

  it("has the hour that midnight falls into, where clocks differ by half an hour", () => {
    expect(spentToday([hour(new Date(2026, 10, 25, 23, 30), 5)], now)).toBe(5);
  });
});

describe("a request in the form", () => {
  const request: TaskRequest = {
    ...{ repository: "https://git.test/shop", prompt: "Audit", priority: 7, labels: ["deps"], maxAttempts: 2 },
    ...{ backend: "default", retryBackoffMs: [9_000], allowConfigChanges: ["package.json"] },
    agent: { kind: "model", type: "tester", model: "claude-x", credential: "team", skills: ["audit"] },
    limits: { dollars: 2, tokens: 9_000, turns: 4, wallClockMs: 90_000, rejections: 5 },
    gates: { gates: ["test"] },
    yolo: { reason: "a drill" },
    pullRequest: { base: "next", draft: true },
  };
  const command = (...argv: string[]) =>
    ({ ...request, agent: { kind: "command", command: argv } }) satisfies TaskRequest;

  it("that was not touched is the same request, also what the form has no field for", () =>
    expect(changeRequest(request, toForm(request))).toEqual(request));

  it.each([
    ["a number in a group", { dollars: 3 }, { limits: { ...request.limits, dollars: 3 } }],
    [
      "a field that is emptied",
      { minutes: "", labels: [] },
      { limits: { ...request.limits, wallClockMs: undefined }, labels: undefined },
    ],
    [
      "a group that is left out",
      { wantsPullRequest: false, isYolo: false },
      { pullRequest: undefined, yolo: undefined },
    ],
    [
      "another kind of agent",
      { kind: "command", command: "true" },
      { agent: { kind: "command", command: ["sh", "-c", "true"] } },
    ],
    ["a profile in the place of gates", { profile: "strict" }, { gates: { profile: "strict" } }],
  ] as const)("%s changes alone", (_, change, expected) =>
    expect(changeRequest(request, { ...toForm(request), ...change } as typeof emptyForm)).toEqual({
      ...request,
      ...expected,
    }));

  it.each([
    [["sh", "-c", "date > now.txt"], "date > now.txt"],
    [["npm", "audit", "fix"], "npm audit fix"],
    [["printf", "%s", "it's me", ""], "printf %s 'it'\\''s me' ''"],
  ])("the command %j is shown as it would be typed, and stays what it is", (argv, shown) => {
    const form = toForm(command(...argv));
    expect(form).toMatchObject({ kind: "command", command: shown });
    expect(changeRequest(command(...argv), { ...form, priority: 1 })).toEqual({ ...command(...argv), priority: 1 });
  });

  it("of which nothing was said but what must be is the form as it is when it is empty", () =>
    expect(toForm({ repository: "", prompt: "", agent: { kind: "model" } })).toEqual(emptyForm));
});

it("what is wrong with a task inside a schedule or a source is said at its field", () => {
  const errors = {
    "task.limits.dollars": "too many",
    "task.agent.command.0": "empty",
    cron: "bad",
    "repositories.0": "no",
  };
  expect(taskErrorsOf(errors)).toEqual({ dollars: "too many", command: "empty", cron: "bad", repositories: "no" });
});
