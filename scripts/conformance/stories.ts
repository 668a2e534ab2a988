// Which stories make sense on a deployed stage? Few and cheap ones, which show what only the real services can: each throws when it does not hold.
import assert from "node:assert/strict";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { describe, type OwnWorkspace } from "./own-workspace.ts";
import { deleteBranch, readBranch } from "./remote.ts";

export interface Story {
  name: string;
  /** How many sandboxes it starts at most. */
  sandboxes: number;
  /** Answers what is worth knowing, for people. */
  tell(workspace: OwnWorkspace): Promise<string>;
}

const endless = "sleep 900";
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const timeOf = (text: string) => Date.parse(text);

export const stories: Story[] = [
  {
    name: "a task goes in, a pushed branch comes out, and its events are followed without a gap",
    sandboxes: 1,
    tell: push,
  },
  { name: "a task that is killed while it waits never starts", sandboxes: 0, tell: killQueued },
  { name: "what is more important runs first; a kill while it runs ends the sandbox", sandboxes: 2, tell: killRunning },
  {
    name: "a stop of the workspace ends all of it, and nothing is admitted until it is released",
    sandboxes: 0,
    tell: stopAll,
  },
];

async function push(workspace: OwnWorkspace): Promise<string> {
  const { target, name, call } = workspace;
  const hook = target.webhook
    ? await call("POST", `/workspaces/${name}/webhooks`, { url: target.webhook, events: ["task.completed"] })
    : undefined;
  const startedAt = Date.now();
  const taskId = await workspace.submit("echo conformance; date > conformance.txt");
  const task = await workspace.untilTask(taskId, "has ended", ({ stopConfirmation }) => stopConfirmation !== undefined);
  assert.equal(task.status, "completed", `it ended ${task.status}: ${task.failure?.message}`);
  try {
    assert.equal(await readBranch(target, task.branch), task.commit, "the branch is not where the receipt says");
    const log = await call("GET", `/tasks/${taskId}/log`);
    assert.match(String(log.body), /conformance\n/, `the log was answered ${describe(log)}`);
  } finally {
    await deleteBranch(target, task.branch);
  }
  const versions = await followTwice(workspace, taskId);
  assert.deepEqual(
    versions,
    Array.from({ length: versions.length }, (_, n) => n + 1),
    "events are missing or doubled",
  );
  const told = hook ? await untilDelivered(workspace, hook.body.webhookId) : "no webhook was given (--webhook)";
  return `${seconds(Date.now() - startedAt)} in all, ${versions.length} events; ${told}`;
}

/** The first connection is dropped after three events; the second goes on after them. Answers the versions that were seen. */
async function followTwice(workspace: OwnWorkspace, taskId: string): Promise<number[]> {
  const seen: number[] = [];
  let lastId = "";
  for (const enough of [3, Number.POSITIVE_INFINITY]) {
    const hangUp = new AbortController();
    const { body } = await workspace.stream(`/tasks/${taskId}/events`, lastId, hangUp.signal);
    assert.ok(body, "the stream has no body");
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { event, id = "", data } of events) {
      if (event === "end" || seen.length >= enough) break;
      if (id) lastId = id;
      if (event === "audit") seen.push(JSON.parse(data).version);
    }
    hangUp.abort();
  }
  return seen;
}

async function untilDelivered({ name, call }: OwnWorkspace, webhookId: string): Promise<string> {
  const path = `/workspaces/${name}/webhooks/${webhookId}`;
  for (let n = 0; n < 60; n += 1) {
    const { body } = await call("GET", `${path}/deliveries`);
    if (body.deliveries?.[0]?.state === "delivered") {
      await call("DELETE", path);
      return "the webhook was told";
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error(`nothing was delivered to the webhook ${webhookId} within a minute`);
}

async function killQueued({ name, call, submit }: OwnWorkspace): Promise<string> {
  await call("POST", `/workspaces/${name}/pause`, { reason: "conformance" });
  const taskId = await submit(endless);
  const { body } = await call("POST", `/tasks/${taskId}/kill`, { reason: "conformance" });
  assert.equal(body.stop, "not_needed");
  await call("POST", `/workspaces/${name}/resume`, { reason: "conformance" });
  const { body: task } = await call("GET", `/tasks/${taskId}`);
  assert.deepEqual([task.status, task.attempts?.length ?? 0], ["killed", 0]);
  return taskId;
}

async function killRunning({ name, call, submit, untilTask }: OwnWorkspace): Promise<string> {
  await call("POST", `/workspaces/${name}/pause`, { reason: "conformance" });
  const [low, high] = [await submit(endless, { priority: 1 }), await submit(endless, { priority: 10 })];
  const resumedAt = Date.now();
  await call("POST", `/workspaces/${name}/resume`, { reason: "conformance" });
  const claimedAt = async (taskId: string) => {
    const task = await untilTask(taskId, "has an attempt", ({ attempts }) => attempts?.length > 0);
    return timeOf(task.attempts[0].claimedAt);
  };
  const [first, second] = [await claimedAt(high), await claimedAt(low)];
  assert.ok(first <= second, `${low} was claimed before ${high}`);
  await untilTask(high, "runs", ({ status }) => status === "running");
  const runsAfterMs = Date.now() - resumedAt;
  const killedAt = Date.now();
  const kills = [high, low].map((taskId) => call("POST", `/tasks/${taskId}/kill`, { reason: "conformance" }));
  for (const { body } of await Promise.all(kills)) assert.equal(body.task?.status, "killed");
  const isStopped = ({ stopConfirmation }: { stopConfirmation?: string }) => stopConfirmation !== undefined;
  const { stopConfirmation } = await untilTask(high, "is stopped", isStopped);
  const stoppedAfterMs = Date.now() - killedAt;
  await untilTask(low, "is stopped", isStopped);
  assert.equal(stopConfirmation, "stopped");
  return `it ran ${seconds(runsAfterMs)} after its wake-up, and was stopped ${seconds(stoppedAfterMs)} after the kill`;
}

async function stopAll({ name, call, submit, untilTask }: OwnWorkspace): Promise<string> {
  await call("POST", `/workspaces/${name}/pause`, { reason: "conformance" });
  const taskIds = [await submit(endless), await submit(endless)];
  const stop = await call("POST", `/workspaces/${name}/kill-all`, { reason: "conformance" });
  assert.equal(stop.status, 200, `the stop was answered ${describe(stop)}`);
  for (const taskId of taskIds) await untilTask(taskId, "is killed", ({ status }) => status === "killed");
  await assert.rejects(submit(endless), /503 .*admission_stopped/);
  await call("POST", `/workspaces/${name}/release`, { reason: "conformance" });
  const after = await submit(endless);
  await call("POST", `/tasks/${after}/kill`, { reason: "conformance" });
  await call("POST", `/workspaces/${name}/resume`, { reason: "conformance" });
  return `${stop.body.operationId}: ${taskIds.length} tasks`;
}
