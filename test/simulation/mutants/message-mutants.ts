// What if messages, or what they tell of, got lost on the way?
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source text
import { edit, mutant } from "./edit.ts";

const table = "test/simulation/cloud/memory-table.ts";
const notices = "test/simulation/cloud/memory-notices.ts";
const finish = "functions/flows/finish-work.ts";
const endings = "functions/core/endings.ts";
const pullRequests = "functions/core/pull-requests.ts";
const spread = "functions/flows/spread-notice.ts";
const tries = "functions/core/webhook-tries.ts";
const takeIn = "functions/flows/take-in.ts";
const intake = "functions/flows/answer-intake.ts";
const each = "functions/flows/answer-each.ts";
const bury = "functions/flows/bury-wake-up.ts";

export const messageMutants = [
  mutant(
    "wake-ups: what is done with comes again",
    edit("functions/flows/answer-wake-ups.ts", 'return "done";', 'return "again";'),
  ),
  mutant(
    "message: what is said at the last moment goes unheard",
    edit(finish, 'status === "verifying" && messages > heard;', 'status === "queued" && messages > heard;'),
  ),
  mutant(
    "pull request: the completion does not owe it",
    edit(
      endings,
      'task.pullRequest ? { due: { kind: "pull_request"',
      'task.version < 0 ? { due: { kind: "pull_request"',
    ),
  ),
  mutant(
    "pull request: a try without an answer is the last",
    edit(pullRequests, 'if (outcome.kind === "refused" || waitMs === undefined) return', "if (!waitMs || now) return"),
  ),
  mutant(
    "pull request: each try counts",
    edit(
      "functions/core/transitions.ts",
      'if (event.type.startsWith("pull_request_") && task.due?.kind !== "pull_request") {',
      "if (task.version < 0) {",
    ),
  ),
  mutant(
    "pull request: nobody asks again for one",
    edit(
      "functions/flows/resend-notices.ts",
      "    requests.map((pullRequestOf) => ({ pullRequestOf })),",
      "    requests.slice(0, 0).map((pullRequestOf) => ({ pullRequestOf })),",
    ),
  ),
  mutant(
    "notices: an end is told in the reaper's next round only",
    edit(
      "functions/flows/announce.ts",
      "await sendMessages(cloud, [{ taskId: task.taskId }]);",
      "await sendMessages(cloud, []);",
    ),
  ),
  mutant(
    "outcome: nobody is told that it is overdue",
    edit("functions/core/overdue.ts", "const isOverdue = !outcomeOverdue &&", "const isOverdue = owedMs < 0 &&"),
  ),
  mutant(
    "outcome: that it is overdue is not put into the outbox",
    edit("functions/core/notices.ts", 'if (event.type === "outcome_overdue") return', "if (!event) return"),
  ),
  mutant(
    "outcome: it is not asked any more once people were told",
    edit(endings, "const due = next.due && { ...next.due, at: event.notBefore };", "const due = undefined;"),
  ),
  mutant(
    "commit: the end is not put into the outbox",
    edit(table, "if (owed) this.notices.owed.set(owed.eventId, owed);", ""),
  ),
  mutant(
    "notices: the outbox is cleared before the deliveries are written",
    edit(spread, "  await writeDeliveries(", "  await cloud.notices.clearOwed(owed);\n  await writeDeliveries("),
  ),
  mutant("notices: a try that failed is the last", edit(tries, "if (left <= 0 || isHopeless)", "if (true)")),
  mutant(
    "notices: two may begin the same try",
    edit(notices, 'if (now?.state !== before.state || now.attempts !== before.attempts) return "stale";', ""),
  ),
  mutant(
    "batch: what failed is done with",
    edit(each, "    batchItemFailures.push(", "    if (!message) batchItemFailures.push("),
  ),
  mutant(
    "intake: the key is not kept",
    edit(takeIn, "    idempotencyKey: `intake:${idempotencyKey}`,\n", "    ...(idempotencyKey ? {} : {}),\n"),
  ),
  mutant("intake: what is refused is not buried", edit(takeIn, "  await intake.bury(message, decided.reason);\n", "")),
  mutant(
    "intake: what is refused is not recorded",
    edit(takeIn, "  await recordAct(cloud,", "  if (message.receives < 0) await recordAct(cloud,"),
  ),
  mutant("intake: what is to come again is done with", edit(intake, 'return "again";', 'return "done";')),
  mutant(
    "intake: a task is made of what another run has refused",
    edit(table, 'if (intakeOutcome && this.isDecided(intakeOutcome)) return { kind: "decided" };', ""),
  ),
  mutant(
    "intake: what another run has accepted is refused",
    edit(takeIn, "stands = decided ?? mine;", "stands = mine;"),
    edit(takeIn, "if (decided) return undefined;", ""),
    edit(
      "test/simulation/cloud/memory-acts.ts",
      'if (writes.some((write) => write.kind === "intake_outcome" && this.isDecided(write.outcome)))',
      "if (writes.length < 0)",
    ),
  ),
  mutant(
    "intake: a repetition of what was refused is accepted",
    edit(
      takeIn,
      '  if ((await table.addIntakeOutcome(mine)) === "added") return',
      "  if (message.receives > 0) return",
    ),
  ),
  mutant(
    "dead letter: what is no wake-up is not recorded",
    edit(bury, 'if (!taskId) return record(cloud, "wake_up_refused"', 'if (!taskId) return void ("wake_up_refused"'),
  ),
  mutant(
    "dead letter: what cannot be dispatched is not given up",
    edit(bury, "if (flaw) return giveUp(cloud, taskId, flaw);", "if (flaw) return;"),
  ),
];
