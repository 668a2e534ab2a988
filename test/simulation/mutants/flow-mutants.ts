// What if a flow left out one of its steps?
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source text
import { edit, mutant } from "./edit.ts";

const act = "functions/flows/record-act.ts";
const backends = "functions/flows/backends.ts";
const callBack = "functions/flows/call-back.ts";
const change = "functions/flows/change-task.ts";
const choose = "functions/flows/choose-task.ts";
const consider = "functions/flows/consider-task.ts";
const dispatch = "functions/flows/dispatch-task.ts";
const launch = "functions/flows/launch-attempt.ts";
const kill = "functions/flows/kill-task.ts";
const finish = "functions/flows/finish-work.ts";
const submit = "functions/flows/submit-task.ts";
const confirm = "functions/flows/confirm-stop.ts";
const resolve = "functions/flows/resolve-outcome.ts";
const killCovered = "functions/flows/kill-covered.ts";

const noFenceOfClaim = edit(dispatch, "{ fenced: true, asRead: choice.task },", "{ asRead: choice.task },");

export const flowMutants = [
  mutant(
    "callback: another attempt may speak",
    edit(callBack, "if (task.attempt === attempt && isLive(task.status)) return;", "if (isLive(task.status)) return;"),
  ),
  mutant("callback: no token is asked for", edit(callBack, "if (!isSameToken(", "if (false && !isSameToken(")),
  mutant("callback: a stop does not fence", edit(callBack, "{ fenced: true, ...(asRead", "{ ...(asRead")),
  mutant(
    "callback: a stop does not fence what is repeated",
    edit(callBack, "    await refuseStopped(cloud, change.task, agentId);\n", ""),
  ),
  mutant(
    "change: a lost race counts as won",
    edit(change, 'case "committed":\n', 'case "committed":\n      // @ts-ignore\n      case "stale":\n'),
  ),
  mutant(
    "change: what may have been written is decided anew",
    edit(change, "if (written) return finish(cloud, written, options);", ""),
  ),
  mutant("act: what may have been written is decided anew", edit(act, "if (written) return written;", "")),
  mutant("change: the chain is not kept", edit(change, "previousHash: before.lastEventHash", 'previousHash: ""')),
  mutant(
    "claim: neither chosen nor written under a stop's fence",
    noFenceOfClaim,
    edit(consider, "if (isFenced(task, switches)) return", "if (false) return"),
  ),
  mutant("claim: a stop does not fence the write", noFenceOfClaim),
  mutant(
    "claim: does not look again whether the task is ready",
    edit(dispatch, "if (moved) return", "if (false) return"),
  ),
  mutant(
    "choose: not the workspace that is served least",
    edit(choose, "if (running(ready.workspace) === 0) yield ready;", "if (running(ready.workspace) < 0) yield ready;"),
    edit(choose, "running(a.workspace) - running(b.workspace)", "running(b.workspace) - running(a.workspace)"),
  ),
  mutant(
    "choose: a task that a stop covers ends the look",
    edit(
      choose,
      "else search.fenced.push(task);",
      'else {\n        search.fenced.push(task);\n        return { kind: "none", reason: "a stop covers it" } as const;\n      }',
    ),
  ),
  mutant(
    "let go: whoever has the most at work in the pool is the first",
    edit("functions/core/ready-order.ts", "a.running - b.running", "b.running - a.running"),
  ),
  mutant(
    "stop: its confirmation is left to the reaper",
    edit(
      confirm,
      ': decideCleanup(cloud, task, attempt, "stopped", why),',
      ': { kind: "refused", code: "task_ended", reason: "left to the reaper" },',
    ),
  ),
  mutant(
    "kill function: it serves no kill",
    edit(
      "functions/api/kill-app.ts",
      "  addKillRoutes(app, cloud);\n  addStopRoutes(app, cloud);\n  addRevokeRoute(app, cloud);\n  return app;",
      "  addStopRoutes(app, cloud);\n  addRevokeRoute(app, cloud);\n  return app;",
    ),
  ),
  mutant(
    "kill function: everybody of a workspace may kill its tasks",
    edit("functions/api/kill-routes.ts", "    requireOwn(principal, found);\n", ""),
  ),
  mutant("launch: no deadline", edit(launch, "if (cloud.clock.now() > claimedAt + launchDeadlineMs)", "if (false)")),
  mutant(
    "launch: a refused record stops nothing",
    edit(
      launch,
      "await sandboxes.stop(launch.sandboxArn, `${agentId} ended before",
      'await sandboxes.stop("", `${agentId} ended before',
    ),
  ),
  mutant(
    "launch: without capacity it is left as it is",
    edit(
      launch,
      "if (!isRepeated) await endUnlaunched(cloud, agentId, (task) => goBack(cloud, task, launch.why));",
      "",
    ),
  ),
  mutant(
    "launch: a refusal speaks for the calls of others too",
    edit(launch, "return attempt?.relaunchedAt === undefined ?", "return attempt ?"),
    edit(
      "test/simulation/cloud/memory-table.ts",
      "attempt.set.neverLaunched && this.attempts",
      "false && this.attempts",
    ),
  ),
  mutant("launch: a backend without room gets no rest", edit(launch, "      await restBackend(cloud, backend);\n", "")),
  mutant(
    "launch: what is put back does not wait longer each time, and its backend gets no rest",
    edit(launch, "putBackDelayMs * 2 ** Math.min(putBacks, 10)", "putBackDelayMs * 2 ** Math.min(putBacks, 0)"),
    edit(backends, "if (rest !== last?.rest) await", "if (!rest) await"),
  ),
  mutant(
    "launch: one that ECS had no room for is a failed attempt",
    edit(confirm, 'if (task.status === "launching" && isLaunchOutage(why)) return', "if (!why) return"),
  ),
  mutant(
    "start: one that has begun, and never heard so, is a failed attempt",
    edit(confirm, "  if (hasNotBegun(why)) return { ...goBack(cloud, task, why), hasNotBegun: true };\n", ""),
  ),
  mutant(
    "kill: the sandbox is not stopped",
    edit(kill, "for (const arn of arns) await sandboxes.stop(arn, reason);", ""),
  ),
  mutant("kill: nobody is woken for the free slot", edit(kill, "  await wakeAfter(cloud, task);\n", "")),
  mutant(
    "kill: gives up at the first conflict",
    edit(kill, 'if (hasCode(error, "concurrent_update")) continue;', "throw error;"),
  ),
  mutant(
    "submit: a delay is dropped",
    edit(submit, '{ allowedAt, due: { kind: "ready", at: allowedAt } as const }', "{ allowedAt }"),
  ),
  mutant("submit: nobody is woken", edit(submit, "await wake(cloud, task.taskId);", "")),
  mutant(
    "submit: the idempotency key is not written",
    edit(submit, "...(idempotency ? { idempotency } : {})", "...{}"),
  ),
  mutant(
    "complete: nobody is woken for the free slot",
    edit(finish, 'if (task.status === "completed") await wakeAfter(cloud, task);', ""),
  ),
  mutant(
    "fail: nobody is woken for the free slot",
    edit(
      finish,
      "await pauseOthers(cloud, task, task.due.at);\n  await wakeAfter(cloud, task);",
      "await pauseOthers(cloud, task, task.due.at);",
    ),
  ),
  mutant(
    "stop: of an earlier attempt counts for the current one",
    edit(confirm, "task.attempt === attempt && isLive(task.status)", "isLive(task.status)"),
  ),
  mutant(
    "outcome: no answer counts as nothing there",
    edit(resolve, 'if (state.kind === "unknown" || state.kind === "refused") return', "if (false) return"),
  ),
  mutant(
    "outcome: whatever stands there is ours",
    edit(
      resolve,
      'look.kind === "at" && (task.permittedCommits ?? []).includes(look.commit)',
      'look.kind === "at" && task.version > 0',
    ),
  ),
  mutant(
    "branch: a removal that was not answered counts as refused",
    edit(resolve, 'if (deletion === "unknown") return', "if (false) return"),
  ),
  mutant(
    "branch: whatever the remote says of it, it is gone",
    edit(
      resolve,
      'const deleted = look.kind === "absent" || deletion === "gone";',
      "const deleted = task.version > 0;",
    ),
  ),
  mutant(
    "revoke: what runs there is stopped, and new tasks are taken",
    edit(
      "functions/flows/manage-backends.ts",
      '[{ kind: "backend", backend: { ...backend, revokedAt } }]',
      'revokedAt < 0 ? [{ kind: "backend", backend }] : []',
    ),
  ),
  mutant(
    "stop of a scope: nobody is killed",
    edit(killCovered, ".filter((task) => isCovered(task, operation));", ".filter(() => false);"),
  ),
];
