// Do the diagrams of docs/architecture.md show what the code does? They are drawn from it: the states from the transition table, the rooms from the imports.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TaskEvent } from "../functions/core/events.ts";
import { type Task, type TaskStatus, taskStatuses } from "../functions/core/task.ts";
import { applyEvent } from "../functions/core/transitions.ts";

const root = resolve(import.meta.dirname, "..");
export const page = join(root, "docs/architecture.md");

const now = 0;
const commit = "c".repeat(40);
const taskId = "tsk_01K0000000000000000000000A";

/** One of each kind: where an event leads does not depend on what else it says. */
const samples: Record<TaskEvent["type"], TaskEvent> = {
  edited: { type: "edited", title: "New", fields: ["title"] },
  claimed: { type: "claimed", slots: [], leaseMs: 1 },
  put_back: { type: "put_back", why: "no room", notBefore: now },
  started: { type: "started", leaseMs: 1, limitMs: 1 },
  work_done: { type: "work_done", commit, files: 1, additions: 1, deletions: 1 },
  rejected: { type: "rejected", by: "gates", why: "tests failed" },
  conflicted: { type: "conflicted", paths: ["a"] },
  message_sent: { type: "message_sent", textHash: "" },
  permit_granted: { type: "permit_granted", permitId: "prm_1", branch: "b" },
  completed: { type: "completed", result: { kind: "pushed", branch: "b", commit } },
  attempt_failed: { type: "attempt_failed", failure: { class: "infrastructure", message: "lost" } },
  expired: { type: "expired", why: "waited too long" },
  given_up: { type: "given_up", why: "cannot be read" },
  killed: { type: "killed", reason: "enough", by: "key_1", cause: "kill" },
  cleanup: { type: "cleanup", attempt: 1, sandbox: "stopped", slots: "released" },
  outcome_resolved: { type: "outcome_resolved", outcome: "not_pushed", takeBack: false },
  branch_taken_back: { type: "branch_taken_back", deleted: true },
  outcome_overdue: { type: "outcome_overdue", why: "no such repository", notBefore: now },
  pull_request_opened: { type: "pull_request_opened", url: "https://example.com/1", number: 1, reused: false },
  pull_request_delayed: { type: "pull_request_delayed", why: "busy", tries: 1, notBefore: now },
  pull_request_failed: { type: "pull_request_failed", why: "no rights", tries: 1 },
};
/** The same event may end the task instead, once nothing is left to try. */
const lastFailure: TaskEvent = { type: "attempt_failed", failure: { class: "poison", message: "hopeless" } };
const nothingToPush: TaskEvent = { type: "completed", result: { kind: "no_changes" } };

function taskIn(status: TaskStatus): Task {
  return {
    taskId,
    workspace: "w",
    version: 1,
    status,
    title: "",
    priority: 5,
    createdBy: "",
    owner: "",
    createdAt: now,
    updatedAt: now,
    attempt: 1,
    attemptsUsed: 1,
    maxAttempts: 3,
    slots: [{ pool: "global", index: 0 }],
    backend: "default",
    repositoryKey: "r",
    admitted: { global: 0, workspace: 0, backend: 0 },
    lastEventId: "evt_01K0000000000000000000000A",
    lastEventHash: "",
    commit,
    branch: "b",
  };
}

export function drawStates(): string {
  const labels = new Map<string, string[]>();
  for (const event of [...Object.values(samples), lastFailure, nothingToPush]) {
    for (const from of taskStatuses) {
      const outcome = applyEvent(taskIn(from), event, now);
      if (outcome.kind === "refused" || outcome.task.status === from) continue;
      const arrow = `${from} --> ${outcome.task.status}`;
      labels.set(arrow, [...new Set([...(labels.get(arrow) ?? []), event.type])]);
    }
  }
  const arrows = [...labels].map(([arrow, types]) => `  ${arrow}: ${types.join(", ")}`);
  const ends = ["completed", "failed", "killed"].map((status) => `  ${status} --> [*]`);
  return ["stateDiagram-v2", "  [*] --> queued: created", ...arrows, ...ends].join("\n");
}

const rooms = ["core", "aws", "flows", "api", "git", "forge", "sandbox"].map((name) => `functions/${name}`);
const others = ["functions", "infra/local", "stacks", "clients", "scripts"];

export function drawRooms(): string {
  const files = execFileSync("git", ["ls-files", "*.ts", "*.tsx"], { cwd: root, encoding: "utf8" }).split("\n");
  const roomOf = (path: string) => [...rooms, ...others].find((room) => path.startsWith(`${room}/`));
  const arrows = new Set<string>();
  for (const file of files) {
    const from = roomOf(file);
    if (!from) continue;
    for (const [, specifier = ""] of readFileSync(join(root, file), "utf8").matchAll(/ from "(\.[^"]+)"/g)) {
      const to = roomOf(join(dirname(file), specifier));
      // Every room may use what core has decided: those arrows would hide the others.
      if (to && to !== from && to !== "functions/core") arrows.add(`  ${idOf(from)} --> ${idOf(to)}`);
    }
  }
  const names = [...rooms, ...others].map((room) => `  ${idOf(room)}[${nameOf(room)}]`);
  return ["flowchart TD", ...names, ...[...arrows].sort()].join("\n");
}

const idOf = (room: string) => room.replaceAll("/", "_");
const nameOf = (room: string) => (room === "functions" ? "entry points" : room.replace("functions/", ""));

/** The page with its diagrams drawn anew, each between its two marks. */
export function redraw(text: string): string {
  const drawings = { states: drawStates(), rooms: drawRooms() };
  return Object.entries(drawings).reduce((drawn, [name, diagram]) => {
    const between = new RegExp(`(<!-- drawn: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    return drawn.replace(between, (_, open, close) => `${open}\`\`\`mermaid\n${diagram}\n\`\`\`\n${close}`);
  }, text);
}

if (import.meta.main) writeFileSync(page, redraw(readFileSync(page, "utf8")));
