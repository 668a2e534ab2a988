import { describe, expect, it } from "vitest";
import { leaveSlots } from "../../functions/core/endings.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import { type Failure, isFinal, type Task, type TaskStatus, taskStatuses } from "../../functions/core/task.ts";
import { acceptedFrom, applyEvent } from "../../functions/core/transitions.ts";
import { makeTask, now } from "../support/make-task.ts";

const events: TaskEvent[] = [
  { type: "edited", title: "New", priority: 7, fields: ["title", "priority"] },
  { type: "rejected", by: "gates", why: "tests failed" },
  { type: "conflicted", paths: ["a"] },
  { type: "message_sent", textHash: "h" },
  { type: "expired", why: "waited too long" },
  { type: "given_up", why: "it cannot be read" },
  { type: "claimed", slots: [{ pool: "global", index: 2 }], leaseMs: 1000 },
  { type: "put_back", why: "no room", notBefore: now + 5 },
  { type: "started", leaseMs: 1000, limitMs: 60_000 },
  { type: "work_done", commit: "c".repeat(40), files: 1, additions: 2, deletions: 3 },
  { type: "permit_granted", permitId: "prm_1", branch: "drover/x" },
  { type: "completed", result: { kind: "pushed", branch: "drover/x", commit: "c".repeat(40) } },
  { type: "attempt_failed", failure: { class: "infrastructure", message: "lost" } },
  { type: "killed", reason: "enough", by: "key_1", cause: "kill" },
  { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" },
  { type: "outcome_resolved", outcome: "not_pushed", takeBack: false },
  { type: "branch_taken_back", deleted: true },
  { type: "outcome_overdue", why: "no such repository", notBefore: now + 5 },
  { type: "pull_request_opened", url: "https://forge.test/1", number: 1, reused: false },
  { type: "pull_request_delayed", why: "busy", tries: 1, notBefore: now + 5 },
  { type: "pull_request_failed", why: "no rights", tries: 1 },
];

/** The whole table by hand: what each event makes of each status; absent means refused. */
const expected: Record<TaskEvent["type"], Partial<Record<TaskStatus, TaskStatus>>> = {
  edited: { queued: "queued" },
  rejected: { running: "running", verifying: "running" },
  conflicted: { running: "running", verifying: "running", publishing: "running" },
  message_sent: {
    queued: "queued",
    launching: "launching",
    running: "running",
    verifying: "verifying",
  },
  expired: { queued: "failed" },
  given_up: { queued: "failed" },
  claimed: { queued: "launching" },
  put_back: { launching: "queued", running: "queued", verifying: "queued", publishing: "queued" },
  started: { launching: "running" },
  work_done: { running: "verifying" },
  permit_granted: { verifying: "publishing" },
  completed: { publishing: "completed" },
  attempt_failed: { launching: "queued", running: "queued", verifying: "queued", publishing: "queued" },
  killed: { queued: "killed", launching: "killed", running: "killed", verifying: "killed", publishing: "killed" },
  cleanup: Object.fromEntries(taskStatuses.map((status) => [status, status])),
  outcome_resolved: { completed: "completed", failed: "failed", killed: "killed" },
  branch_taken_back: { failed: "failed", killed: "killed" },
  // What a completed task owes here is its pull request.
  outcome_overdue: { failed: "failed", killed: "killed" },
  pull_request_opened: { completed: "completed" },
  pull_request_delayed: { completed: "completed" },
  pull_request_failed: { completed: "completed" },
};

const holder = "agt_01K0000000000000000000000A_1";
const owedCleanups = [{ attempt: 1 }];
const inStatus = (status: TaskStatus): Task =>
  status === "queued"
    ? makeTask({ status, attempt: 0, attemptsUsed: 0, slots: undefined, publishOutcome: "unresolved", owedCleanups })
    : makeTask({
        status,
        owedCleanups,
        publishOutcome: "unresolved",
        due: { kind: status === "completed" ? "pull_request" : "branch", at: now },
        branch: "drover/x",
        commit: "c".repeat(40),
      });

describe("the transition table", () => {
  it("has a row for every event", () => {
    expect(Object.keys(acceptedFrom).sort()).toEqual(events.map(({ type }) => type).sort());
  });

  const cells = events.flatMap((event) => taskStatuses.map((status) => ({ event, status })));
  it.each(cells)("$event.type in $status", ({ event, status }) => {
    const before = inStatus(status);
    const result = applyEvent(before, event, now);
    const next = expected[event.type][status];
    if (next === undefined) {
      const ended = ["completed", "failed", "killed"].includes(status);
      expect(result).toMatchObject({ kind: "refused", code: ended ? "task_ended" : "illegal_transition" });
      return;
    }
    expect(result).toMatchObject({
      kind: "applied",
      task: { status: next, version: before.version + 1, updatedAt: now },
    });
  });
});

describe("slots and attempts", () => {
  const apply = (task: Task, event: TaskEvent) => {
    const result = applyEvent(task, event, now);
    if (result.kind === "refused") throw new Error(result.reason);
    return result;
  };

  it("a claim opens the next attempt and takes the slot in its name", () => {
    const { task, attempt, slots } = apply(inStatus("queued"), {
      type: "claimed",
      slots: [{ pool: "global", index: 2 }],
      leaseMs: 1000,
    });
    expect(task).toMatchObject({ attempt: 1, attemptsUsed: 1, slots: [{ pool: "global", index: 2 }] });
    expect(attempt).toMatchObject({ kind: "open", attempt: { state: "spawning", leaseExpiresAt: now + 1000 } });
    expect(slots).toEqual([{ kind: "take", slot: { pool: "global", index: 2 }, holder, workspace: "default" }]);
  });

  it.each([
    "completed",
    "attempt_failed",
    "killed",
    "put_back",
  ] as const)("%s gives the slot back in the same write", (type) => {
    const status = type === "put_back" ? "launching" : "publishing";
    const event = events.find((candidate) => candidate.type === type) as TaskEvent;
    const { task, slots, attempt } = apply(makeTask({ status, branch: "drover/x", commit: "c".repeat(40) }), event);
    expect(task.slots).toBeUndefined();
    expect(slots).toEqual([{ kind: "release", slot: { pool: "global", index: 4 }, holder, workspace: "default" }]);
    expect(attempt).toMatchObject({ kind: "set", set: { endedAt: now, cleanupAt: expect.any(Number) } });
    expect(task.owedCleanups).toEqual([{ attempt: 1 }]);
  });

  it.each([
    ["put_back", "queued"],
    ["attempt_failed", "queued"],
  ] as const)("%s of an attempt that was certainly never launched owes no cleanup", (type, status) => {
    const event = events.find((candidate) => candidate.type === type) as TaskEvent;
    const before = makeTask({ status: "launching", attempt: 2, owedCleanups: [{ attempt: 1 }] });
    const after = apply(before, { ...event, neverLaunched: true } as TaskEvent);
    expect(after.task).toMatchObject({ status, owedCleanups: [{ attempt: 1 }] });
    expect(after.data).toMatchObject({ agentId: "agt_01K0000000000000000000000A_2", neverLaunched: true });
    expect(after.slots).toHaveLength(1);
    expect(after.attempt).toMatchObject({ set: { endedAt: now, cleanedUpAt: now, neverLaunched: true } });
    expect(after.attempt).not.toHaveProperty("set.cleanupAt");
  });

  it("the end of a task whose last attempt was never launched confirms that nothing runs", () => {
    const failed = { type: "attempt_failed", failure: { class: "poison", message: "x" }, neverLaunched: true } as const;
    const before = makeTask({ status: "launching", publishOutcome: "unresolved", attempt: 2 });
    const confirmed = { stopConfirmation: "never_started", due: { kind: "outcome", at: now } };
    expect(apply(before, failed).task).toMatchObject({ status: "failed", ...confirmed });
    expect(apply({ ...before, owedCleanups }, failed).task).not.toHaveProperty("stopConfirmation");
  });

  it("putting back uses no attempt, and the next claim has a new agent all the same", () => {
    const back = apply(makeTask({ status: "launching" }), { type: "put_back", why: "full", notBefore: now + 5 }).task;
    expect(back).toMatchObject({ status: "queued", attempt: 1, attemptsUsed: 0, due: { kind: "ready", at: now + 5 } });
    expect(apply(back, { type: "claimed", slots: [], leaseMs: 1 }).task).toMatchObject({ attempt: 2, attemptsUsed: 1 });
  });

  it("an infrastructure failure on the last attempt ends the task, and its cleanup is owed", () => {
    const failure = { class: "infrastructure", message: "lost" } as const;
    const { task } = apply(makeTask({ attemptsUsed: 3 }), { type: "attempt_failed", failure });
    expect(task).toMatchObject({ status: "failed", failure, escalated: true, owedCleanups: [{ attempt: 1 }] });
    expect(task.stopConfirmation).toBeUndefined();
  });

  it("a pull request is owed by what completes with a branch and has asked for one, until it is open or cannot be", () => {
    const commit = "c".repeat(40);
    const asked = makeTask({ status: "publishing", branch: "drover/x", commit, pullRequest: { state: "wanted" } });
    const completed = { type: "completed", result: { kind: "pushed", branch: "drover/x", commit } } as const;
    const owed = apply(asked, completed).task;
    expect(owed.due).toEqual({ kind: "pull_request", at: now });
    expect(apply({ ...asked, pullRequest: undefined }, completed).task.due).toBeUndefined();
    expect(apply(asked, { type: "killed", reason: "enough", by: "key_1", cause: "kill" }).task.due).toBeUndefined();

    const later = apply(owed, { type: "pull_request_delayed", why: "busy", tries: 1, notBefore: now + 5 }).task;
    expect(later).toMatchObject({
      due: { kind: "pull_request", at: now + 5 },
      pullRequest: { state: "delayed", tries: 1 },
    });
    const open = apply(later, {
      type: "pull_request_opened",
      url: "https://forge.test/1",
      number: 1,
      reused: true,
    }).task;
    expect(open.pullRequest).toEqual({ state: "open", url: "https://forge.test/1", number: 1 });
    expect(open.due).toBeUndefined();
    const again = applyEvent(open, { type: "pull_request_failed", why: "late", tries: 2 }, now);
    expect(again).toMatchObject({ kind: "refused", code: "task_ended" });
  });

  const fail = (failure: Failure, over: Partial<Task> = {}) =>
    apply(makeTask(over), { type: "attempt_failed", failure }).task;

  it.each([
    ["infrastructure", {}, { status: "queued", attemptsUsed: 1 }],
    ["agent_error", {}, { status: "failed" }],
    ["agent_error", { repeatable: true }, { status: "queued", attemptsUsed: 1 }],
    ["gate_rejection", {}, { status: "failed", escalated: true }],
    ["timeout", {}, { status: "failed" }],
    ["budget", {}, { status: "failed" }],
    [
      "provider_quota",
      { retryAt: now + 9 },
      { status: "queued", attemptsUsed: 0, due: { kind: "ready", at: now + 9 } },
    ],
    ["poison", {}, { status: "failed" }],
  ] as const)("a failure of class %s %j makes the task %j", (failureClass, more, expected) => {
    expect(fail({ class: failureClass, message: "no", ...more })).toMatchObject(expected);
  });

  it("out of quota waits with the other tasks of its provider", () => {
    const failure = { class: "provider_quota", message: "no", retryAt: now + 9 } as const;
    const due = { kind: "held", at: now + 9, pool: "provider:default:anthropic" };
    expect(fail(failure, { provider: "anthropic" }).due).toEqual(due);
    expect(fail({ class: "infrastructure", message: "no" }, { provider: "anthropic" }).due?.kind).toBe("ready");
  });

  it("waits longer before each further try", () => {
    const waits = [1, 2, 3, 4].map((attemptsUsed) => {
      const task = fail({ class: "infrastructure", message: "lost" }, { attemptsUsed, maxAttempts: 9 });
      return (task.due?.at ?? 0) - now;
    });
    expect(waits).toEqual([1_000, 10_000, 60_000, 60_000]);
  });

  it("a conflict voids the permit, and leaves no outcome to find out", () => {
    const task = makeTask({ status: "publishing", permitId: "prm_1", publishOutcome: "unresolved" });
    const after = apply(task, { type: "conflicted", paths: ["a"] }).task;
    expect(after).toMatchObject({ status: "running" });
    expect(after.permitId).toBeUndefined();
    expect(after.publishOutcome).toBeUndefined();
  });

  it("completing without changes still asks what an earlier attempt pushed, and forgets how that failed", () => {
    const failure = { class: "infrastructure", message: "lost" } as const;
    const task = makeTask({ status: "verifying", publishOutcome: "unresolved", failure });
    const after = apply(task, { type: "completed", result: { kind: "no_changes" } }).task;
    expect(after).toMatchObject({ status: "completed", noChanges: true, due: { kind: "outcome", at: now } });
    expect(after.failure).toBeUndefined();
  });

  it.each([
    ["without a permit", { status: "verifying" }, {}],
    ["of another commit", { status: "publishing" }, { commit: "d".repeat(40) }],
    ["of another branch", { status: "publishing" }, { branch: "main" }],
  ] as const)("a receipt %s is refused", (_name, over, result) => {
    const task = makeTask({ branch: "drover/x", commit: "c".repeat(40), ...over });
    const receipt = { kind: "pushed", branch: "drover/x", commit: "c".repeat(40), ...result } as const;
    expect(applyEvent(task, { type: "completed", result: receipt }, now)).toMatchObject({ code: "illegal_transition" });
  });

  it('"nothing to push" is refused once a push is permitted', () => {
    const task = makeTask({ status: "publishing" });
    expect(applyEvent(task, { type: "completed", result: { kind: "no_changes" } }, now)).toMatchObject({
      kind: "refused",
    });
  });

  it("put-backs in a row are counted, until something has started", () => {
    const back = { type: "put_back", why: "full", notBefore: now } as const;
    const twice = apply({ ...apply(makeTask({ status: "launching" }), back).task, status: "launching" }, back).task;
    expect(twice.putBacks).toBe(2);
    expect(
      apply({ ...twice, status: "launching" }, { type: "started", leaseMs: 1, limitMs: 60_000 }).task.putBacks,
    ).toBeUndefined();
  });

  it("rejections are counted", () => {
    const once = apply(makeTask({ status: "verifying" }), { type: "rejected", by: "gates", why: "x" }).task;
    expect(apply({ ...once, status: "verifying" }, { type: "rejected", by: "review", why: "y" }).task.rejections).toBe(
      2,
    );
  });
});

describe("a kill", () => {
  const kill = { type: "killed", reason: "enough", by: "key_1", cause: "kill" } as const;

  it("of a queued task needs no stop", () => {
    const result = applyEvent(makeTask({ status: "queued", slots: undefined, attempt: 0 }), kill, now);
    expect(result).toMatchObject({ task: { stopConfirmation: "not_needed" } });
  });

  const cleanup = { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" } as const;
  const apply = (task: Task, event: TaskEvent) => {
    const result = applyEvent(task, event, now);
    if (result.kind === "refused") throw new Error(result.reason);
    return result.task;
  };

  it("of a live task owes the confirmation that its sandbox has stopped", () => {
    const killed = apply(makeTask({ status: "launching" }), kill);
    expect(killed).toMatchObject({ owedCleanups: [{ attempt: 1 }], killed: { from: "launching", reason: "enough" } });
    expect(killed.stopConfirmation).toBeUndefined();
    expect(apply(killed, { ...cleanup, sandbox: "never_started" }).stopConfirmation).toBe("never_started");
  });

  it("after the permit owes the outcome of the push once the stop is confirmed", () => {
    const killed = apply(makeTask({ status: "publishing", publishOutcome: "unresolved" }), kill);
    expect(killed.due).toBeUndefined();
    const stopped = apply(killed, cleanup);
    expect(stopped).toMatchObject({ due: { kind: "outcome", at: now }, stopConfirmation: "stopped" });
  });

  const waiting = makeTask({ status: "queued", slots: undefined, publishOutcome: "unresolved" });

  it("of a task that waits for its second attempt awaits the cleanup of the first, then asks what it pushed", () => {
    const killed = apply({ ...waiting, owedCleanups }, kill);
    expect([killed.stopConfirmation, killed.due]).toEqual([undefined, undefined]);
    expect(apply(killed, cleanup)).toMatchObject({ due: { kind: "outcome", at: now }, stopConfirmation: "stopped" });
  });

  it("of a task whose last attempt is cleaned up needs no stop, and asks at once what that one pushed", () => {
    expect(apply(waiting, kill)).toMatchObject({ due: { kind: "outcome", at: now }, stopConfirmation: "not_needed" });
  });
});

describe("what became of a push, when nobody could say so for a day", () => {
  const overdue = { type: "outcome_overdue", why: "w".repeat(400), notBefore: now + 9 } as const;

  it.each([
    ["outcome", { type: "outcome_resolved", outcome: "not_pushed", takeBack: false }],
    ["branch", { type: "branch_taken_back", deleted: true }],
  ] as const)("is marked once, asked on, and no longer marked when it is known: %s", (kind, known) => {
    const task = makeTask({ status: "killed", publishOutcome: "unresolved", due: { kind, at: now } });
    const marked = applyEvent(task, overdue, now);
    const why = "w".repeat(300);
    expect(marked).toMatchObject({
      task: { status: "killed", due: { kind, at: now + 9 }, outcomeOverdue: { why } },
      data: { owes: kind, why },
    });
    if (marked.kind === "refused") throw new Error(marked.reason);
    expect(applyEvent(marked.task, overdue, now)).toMatchObject({ kind: "refused", code: "task_ended" });
    expect(applyEvent(marked.task, known, now)).toMatchObject({ task: { outcomeOverdue: undefined, due: undefined } });
  });
});

describe("a cleanup", () => {
  const cleanup = (attempt: number, over = {}) =>
    ({ type: "cleanup", attempt, sandbox: "stopped", slots: "released", ...over }) as const;

  it("tells of each step, and takes the attempt out of what is owed", () => {
    const task = makeTask({ status: "completed", owedCleanups: [{ attempt: 1 }] });
    const result = applyEvent(task, cleanup(1), now);
    const steps = { sandbox: "stopped", disk: "removed_with_sandbox", slots: "released", access: "void" };
    expect(result).toMatchObject({
      kind: "applied",
      data: { agentId: holder, steps },
      attempt: { kind: "set", agentId: holder, set: { cleanedUpAt: now, sandboxStoppedAt: now, cleanupAt: undefined } },
    });
    if (result.kind === "applied") expect(result.task.owedCleanups).toBeUndefined();
  });

  it("says so when the disk is still there", () => {
    const task = makeTask({ status: "completed", owedCleanups: [{ attempt: 1 }] });
    const result = applyEvent(task, cleanup(1, { isFolderLeft: true }), now);
    expect(result).toMatchObject({ data: { steps: { sandbox: "stopped", disk: "not_removed_yet" } } });
  });

  it("of a sandbox that was never there says so of its disk, and sets no time of a stop", () => {
    const task = makeTask({ status: "killed", owedCleanups: [{ attempt: 1 }] });
    const result = applyEvent(task, cleanup(1, { sandbox: "never_started", slots: "given_up" }), now);
    const steps = { sandbox: "never_started", disk: "never_made", slots: "given_up" };
    expect(result).toMatchObject({ data: { steps } });
    expect(result).not.toHaveProperty("attempt.set.sandboxStoppedAt");
  });

  it("happens once, and only to an attempt that has ended", () => {
    for (const status of taskStatuses) {
      const code = isFinal(status) ? "task_ended" : "illegal_transition";
      expect(applyEvent(makeTask({ status }), cleanup(1), now)).toMatchObject({ kind: "refused", code });
      const other = makeTask({ status, attempt: 3, owedCleanups: [{ attempt: 2 }] });
      expect(applyEvent(other, cleanup(3), now)).toMatchObject({ kind: "refused", code });
    }
  });

  it.each([
    [1, 2],
    [2, 1],
  ])("of attempt %d confirms nothing while attempt %d owes its own, and leaves what is due", (first, second) => {
    const due = { kind: "branch", at: now + 9 } as const;
    const task = makeTask({ status: "killed", attempt: 2, due, owedCleanups: [{ attempt: 1 }, { attempt: 2 }] });
    const result = applyEvent(task, cleanup(first), now);
    expect(result).toMatchObject({ task: { due, owedCleanups: [{ attempt: second }] } });
    expect(result).not.toHaveProperty("task.stopConfirmation");
    if (result.kind === "refused") throw new Error(result.reason);
    const last = applyEvent(result.task, cleanup(second, { sandbox: "gone" }), now);
    expect(last).toMatchObject({ task: { stopConfirmation: "gone" } });
  });

  it("of an earlier attempt, which may live, is waited for by the kill of a task that waits for its next one", () => {
    const waiting = makeTask({ status: "queued", slots: undefined, attempt: 2, owedCleanups: [{ attempt: 1 }] });
    const killed = applyEvent(waiting, { type: "killed", reason: "enough", by: "key_1", cause: "kill" }, now);
    if (killed.kind === "refused") throw new Error(killed.reason);
    expect(killed.task.stopConfirmation).toBeUndefined();
    expect(applyEvent(killed.task, cleanup(1), now)).toMatchObject({ task: { stopConfirmation: "stopped" } });
  });

  it("finds the slots that the end could not give back", () => {
    const task = makeTask({ status: "running", owedCleanups: [{ attempt: 7 }] });
    const killed = applyEvent(task, { type: "killed", reason: "enough", by: "key_1", cause: "kill" }, now);
    if (killed.kind === "refused") throw new Error(killed.reason);
    const left = leaveSlots(killed, task);
    expect(left.slots).toEqual([]);
    expect(left.task.owedCleanups).toEqual([{ attempt: 7 }, { attempt: 1, slots: task.slots }]);
    expect(leaveSlots(left, task)).toBe(left);
  });
});
