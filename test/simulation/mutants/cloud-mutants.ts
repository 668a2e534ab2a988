// What if the table or ECS did not hold the conditions that the flows rely on?
import { edit, mutant } from "./edit.ts";

const table = "test/simulation/cloud/memory-table.ts";
const giveUp = "functions/flows/give-up.ts";
const attempts = "test/simulation/cloud/memory-attempts.ts";
const acts = "test/simulation/cloud/memory-acts.ts";
const sandboxes = "test/simulation/cloud/sim-sandboxes.ts";

const noVersion = edit(
  table,
  'if (row?.task.version !== before.version) return { kind: "stale" };',
  "if (!row) return { kind: 'stale' };",
);
const noEvent = edit(table, 'if (row.events.length >= event.version) return { kind: "stale" };', "");

export const cloudMutants = [
  mutant("commit: no condition on the version, and none on the event", noVersion, noEvent),
  mutant("commit: no condition on the generations", edit(table, "if (fenced && isFenced(", "if (false && isFenced(")),
  mutant(
    "commit: a slot is taken whoever holds it",
    edit(table, "if (!slots.every((slot) => this.maySet(slot)))", "if (false)"),
  ),
  mutant(
    "commit: the end is not written to the attempt",
    edit(
      table,
      "if (attempt) this.writeAttempt(attempt);",
      'if (attempt?.kind === "open") this.writeAttempt(attempt);',
    ),
  ),
  mutant(
    "commit: the event is not written",
    edit(table, "row.events.push(event);", "if (event.version % 3 !== 0) row.events.push(event);"),
  ),
  mutant(
    "commit: slots are written beside it, not with it",
    edit(table, "else this.slots.delete(slotName(slot));", ""),
  ),
  mutant(
    "lease: neither looked at again nor a condition of the write",
    edit(giveUp, "ifLeaseAt !== undefined && current?.leaseExpiresAt !== ifLeaseAt", "!current"),
    edit(table, 'if (attempt?.kind === "set" && attempt.ifLeaseAt !== undefined) {', "if (false) {"),
  ),
  mutant(
    "commitAct: no condition on the head",
    edit(acts, 'if ((last?.version ?? 0) !== act.version - 1) return { kind: "stale" };', ""),
  ),
  mutant(
    "replaceSchedule: no condition on the version",
    edit(acts, 'if (this.schedules.get(before.scheduleId)?.version !== before.version) return "stale";', ""),
  ),
  mutant(
    "beat: no condition on the attempt's state",
    edit(attempts, 'if (attempt?.state !== "running") return {', "if (!attempt) return {"),
  ),
  mutant(
    "createTask: the idempotency key is not kept",
    edit(table, "this.idempotency.set(key,", "if (task.version > 1) this.idempotency.set(key,"),
  ),
  mutant(
    "createTask: no condition on the switches",
    edit(table, "const isRefused = isFenced(task, switches)", "const isRefused = false"),
  ),
  mutant("RunTask: no clientToken", edit(sandboxes, "if (started) {", "if (started && false) {")),
  mutant(
    "recordSandbox: no condition on the attempt's state",
    edit(
      attempts,
      'if (attempt?.state !== "spawning" && attempt?.state !== "running") return "refused";',
      'if (!attempt) return "refused";',
    ),
  ),
];
