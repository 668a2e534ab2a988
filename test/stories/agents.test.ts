import { expect, it } from "vitest";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { type FeedEvent, readFeed } from "../../scripts/demo/follow.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const agents = "/api/orchestrator/agents";
const spawn = (body: object, headers?: Record<string, string>) => call(stack, "POST", `${agents}/spawn`, body, headers);
const endless = { kind: "command", command: ["sleep", "1000"] };
const taskIdOf = (agentId: string) => `tsk_${agentId.slice(4, 30)}` as TaskId;

it("a coordinator spawns, watches and kills an agent, and need not know of tasks", async () => {
  const made = await spawn(
    { repository: remote.url, workItems: ["first", "second"], agent: endless },
    { "idempotency-key": "c1" },
  );
  expect(made).toMatchObject({ status: 201, body: { status: "queued" } });
  const { agentId } = made.body;
  expect(
    (
      await spawn(
        { repository: remote.url, workItems: ["first", "second"], agent: endless },
        { "idempotency-key": "c1" },
      )
    ).body.agentId,
  ).toBe(agentId);
  const taskId = taskIdOf(agentId);
  expect(agentId).toBe(agentIdOf(taskId, 1));
  await untilStatus(stack, taskId, "running");
  expect((await call(stack, "GET", `${agents}/${agentId}/status`)).body).toMatchObject({ agentId, status: "running" });
  expect((await call(stack, "GET", agents)).body.agents).toMatchObject([{ agentId, taskStatus: "running" }]);
  expect((await stack.cloud.table.getSpec(taskId))?.prompt).toBe("- first\n- second");
  // While the first one runs there is no second one, and the first is not killed in its place.
  const second = agentIdOf(taskId, 2);
  expect(await call(stack, "POST", `${agents}/${second}/kill`, { reason: "x" })).toMatchObject({ status: 404 });
  const killed = await call(stack, "POST", `${agents}/${agentId}/kill`, { reason: "done with it" });
  expect(killed).toMatchObject({ status: 200, body: { agentId, status: "killed" } });
  expect(await call(stack, "POST", `${agents}/${agentId}/kill`, { reason: "again" })).toMatchObject({
    status: 409,
    body: { code: "task_ended" },
  });
  await untilSettled(stack, taskId);
  await checkInvariants(stack, [taskId]);
});

it("a spawn that is repeated once its agent has ended tells how it ended, and makes no other", async () => {
  const body = { repository: remote.url, prompt: "x", agent: { kind: "command", command: ["true"] } };
  const { agentId, taskId } = (await spawn(body, { "idempotency-key": "c2" })).body;
  await untilSettled(stack, taskId);
  expect(await spawn(body, { "idempotency-key": "c2" })).toMatchObject({
    status: 200,
    body: { agentId, taskId, status: "completed", taskStatus: "completed" },
  });
});

it.each([
  [{ agent: endless }, 400, "repository"],
  [{ repository: "x", agent: endless }, 400, "give a prompt, or work items"],
  [{ repository: "x", agent: endless, workItems: [] }, 400, "workItems"],
])("a spawn of %j is refused with the field", async (body, status, words) => {
  const answer = await spawn(body);
  expect(answer.status).toBe(status);
  expect(answer.body.detail).toContain(words);
});

it("an agent that nobody spawned is not found", async () => {
  for (const id of ["agt_x", "agt_01K0000000000000000000000A_1"]) {
    expect(await call(stack, "GET", `${agents}/${id}/status`)).toMatchObject({
      status: 404,
      body: { detail: expect.stringMatching(/List the (agents|tasks) to find its id\.$/) },
    });
  }
  const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
  await untilSettled(stack, taskId);
  const never = await call(stack, "GET", `${agents}/${agentIdOf(taskId, 2)}/status`);
  expect(never).toMatchObject({ status: 404, body: { code: "task_not_found" } });
  expect(never.body.detail).toContain(`is completed, and its last agent is ${agentIdOf(taskId, 1)}`);
});

it("kill-all of the agents stops the workspace, until it is released", async () => {
  const ids = [await submit(stack, { repository: remote.url, command: ["sleep", "1000"] })];
  expect((await call(stack, "POST", `${agents}/kill-all`, { reason: "enough" })).body).toMatchObject({
    total: 1,
    killed: 1,
  });
  expect(await spawn({ repository: remote.url, prompt: "x", agent: endless })).toMatchObject({ status: 503 });
  await call(stack, "POST", "/api/orchestrator/workspaces/default/release", { reason: "go on" });
  for (const id of ids) await untilSettled(stack, id);
  await checkInvariants(stack, ids);
});

async function readUntil(lastEventId: string | undefined, stop: (seen: FeedEvent[]) => boolean): Promise<FeedEvent[]> {
  const seen: FeedEvent[] = [];
  const headers: Record<string, string> = lastEventId ? { "last-event-id": lastEventId } : {};
  const url = `${stack.local.url}${agents}/events`;
  for await (const event of readFeed(url, stack.local.apiKey, AbortSignal.timeout(20_000), headers)) {
    seen.push(event);
    if (stop(seen)) break;
  }
  return seen;
}
const of = (seen: FeedEvent[], taskId: string) =>
  seen.filter(({ event, data }) => event === "audit" && data.taskId === taskId);
const isCleanedUp = (seen: FeedEvent[], taskId: string) => of(seen, taskId).some(({ data }) => data.type === "cleanup");

it("the feed of all agents begins with a snapshot, tells every event once, and goes on after a break without a gap", async () => {
  const running = await submit(stack, { repository: remote.url, command: ["sleep", "1000"] });
  await untilStatus(stack, running, "running");
  const following = readUntil(undefined, (seen) => isCleanedUp(seen, later));
  let later = "none yet";
  const first = await submit(stack, { repository: remote.url, command: ["true"] });
  later = first;
  const seen = await following;
  expect(seen[0]).toMatchObject({ event: "snapshot", data: { complete: true } });
  expect(JSON.stringify(seen[0]?.data)).toContain(running);
  expect(of(seen, first).map(({ data }) => data.version)).toEqual([1, 2, 3, 4, 5, 6]);

  // While nobody listens, more happens.
  const second = await submit(stack, { repository: remote.url, command: ["true"] });
  await untilSettled(stack, second);
  const resumed = await readUntil(seen.at(-1)?.id, (all) => isCleanedUp(all, second));
  expect(resumed.some(({ event }) => event === "snapshot")).toBe(false);
  expect(of(resumed, second).map(({ data }) => data.version)).toEqual([1, 2, 3, 4, 5, 6]);
  const ids = resumed.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);

  const old = await readUntil("1000000000000-evt_01K0000000000000000000000A", (all) => all.length > 0);
  expect(old[0]?.event).toBe("snapshot");
  expect((await call(stack, "GET", `${agents}/events`, undefined, { "last-event-id": "x" })).status).toBe(400);
  await kill(stack, running);
  await untilSettled(stack, running);
});
