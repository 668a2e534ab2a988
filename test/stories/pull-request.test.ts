import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { type TestForge, useForge } from "../support/forge.ts";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import {
  call,
  kill,
  submit,
  tasksPath,
  until,
  untilSettled,
  untilStatus,
  untilTask,
  useStack,
} from "../support/stack.ts";

const token = "tok_canary_forge_77ab19";
const printed: string[] = [];
for (const level of ["log", "info", "warn", "error"] as const) {
  const original = console[level];
  vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
    printed.push(words.map((word) => (word instanceof Error ? `${word.stack}` : JSON.stringify(word))).join(" "));
    original(...words);
  });
}

const stack = useStack({ DROVER_WEBHOOKS_BACKOFF_MS: "200,200" });
const remote = useRemote(undefined, token);
const forges = { github: useForge("github", token), gitea: useForge("gitea", token) };
const credentials = "/api/orchestrator/workspaces/default/credentials";
const forgeUrl = () => remote.url.replace("/bare.git", "/acme/shop.git");

beforeAll(async () => {
  for (const forge of Object.values(forges)) {
    forge.hasBranch = (name) => remote.git("for-each-ref", `refs/heads/${name}`) !== "";
    const body = { token, forge: { kind: forge.kind, apiUrl: forge.apiUrl } };
    expect((await call(stack, "PUT", `${credentials}/${forge.kind}`, body)).status).toBe(204);
  }
});
beforeEach(() => {
  for (const forge of Object.values(forges)) forge.reset();
});

const ask = (forge: TestForge, pullRequest: object = {}, over: object = {}): Promise<TaskId> =>
  submit(stack, {
    repository: forgeUrl(),
    credential: forge.kind,
    command: ["sh", "-c", "date +%N > x"],
    pullRequest,
    ...over,
  });
const untilTold = (taskId: TaskId, state: string) =>
  untilTask(stack, taskId, `has a pull request that is ${state}`, ({ pullRequest }) => pullRequest?.state === state);
const eventsOf = async (taskId: TaskId) =>
  (await stack.cloud.table.listEvents(taskId, 0, 100)).filter(({ type }) => type.startsWith("pull_request_"));

describe.each(["github", "gitea"] as const)("on %s", (kind) => {
  const forge = forges[kind];

  it("a task that asks for it has a pull request from its branch in the end, and nobody learns the token", async () => {
    const taskId = await ask(forge, { draft: true, title: "Mend the clock" }, { prompt: "Mend it.\n\nCloses #7" });
    const task = await untilTold(taskId, "open");
    const url = "https://forge.test/acme/shop/pulls/1";
    expect(task).toMatchObject({ status: "completed", pullRequest: { state: "open", url, number: 1 } });
    const title = kind === "gitea" ? "WIP: Mend the clock" : "Mend the clock";
    expect(forge.pulls).toMatchObject([{ title, base: "main", head: drover(taskId), draft: true }]);
    expect(forge.pulls[0]?.body).toContain(taskId);
    expect(forge.pulls[0]?.body).toContain("Closes #7");
    expect(await eventsOf(taskId)).toMatchObject([
      { type: "pull_request_opened", by: "system:notify", data: { url, number: 1, reused: false } },
    ]);
    const { body } = await call(stack, "GET", `${tasksPath}/${taskId}`);
    expect(body.pullRequest).toEqual({ state: "open", url, number: 1, draft: true, title: "Mend the clock" });

    await untilSettled(stack, taskId);
    await checkInvariants(stack, [taskId]);
    const { Items } = await new DynamoDBClient().send(new ScanCommand({ TableName: process.env.DROVER_TABLE }));
    expect(JSON.stringify(Items)).toContain(url);
    expect(JSON.stringify(Items)).not.toContain(token);
    expect(printed.join("\n")).not.toContain(token);
    expect(JSON.stringify(forge.asked.map(({ path, query }) => `${path}?${query}`))).not.toContain(token);
  });

  it("a forge that is down is asked again, and the reason stands on the task until then", async () => {
    forge.answer(kind === "github" ? "GET" : "POST", { status: 502 });
    const taskId = await ask(forge);
    await untilTold(taskId, "open");
    expect(await eventsOf(taskId)).toMatchObject([
      { type: "pull_request_delayed", data: { tries: 1, why: expect.stringContaining("502") } },
      { type: "pull_request_opened" },
    ]);
    expect(forge.pulls).toHaveLength(1);
  });

  it("a pull request whose answer was lost is not opened a second time", async () => {
    forge.loseNextAnswer();
    const taskId = await ask(forge);
    await untilTold(taskId, "open");
    expect(forge.pulls).toHaveLength(1);
    expect((await eventsOf(taskId)).at(-1)).toMatchObject({ type: "pull_request_opened", data: { reused: true } });
  });
});

it("a token without the right to it fails at once, with what to do, and the task stays completed", async () => {
  const refusal = { status: 403, body: { message: "Resource not accessible by personal access token" } };
  forges.github.answer("GET", { status: 200, body: [] });
  forges.github.answer("POST", refusal);
  const taskId = await ask(forges.github);
  const task = await untilTold(taskId, "failed");
  expect(task).toMatchObject({ status: "completed", publishOutcome: "pushed" });
  expect(task.pullRequest).toMatchObject({
    why: expect.stringMatching(/right to write pull requests.*Resource not accessible/),
  });
  await untilSettled(stack, taskId);
  expect(await eventsOf(taskId)).toMatchObject([{ type: "pull_request_failed", data: { tries: 1 } }]);
  await checkInvariants(stack, [taskId]);
});

it("a forge that stays down is given up after the last try", async () => {
  forges.gitea.answer("POST", ...Array.from({ length: 5 }, () => ({ status: 500 })));
  const taskId = await ask(forges.gitea);
  await untilTold(taskId, "failed");
  expect((await eventsOf(taskId)).map(({ type, data }) => [type, data.tries])).toEqual([
    ["pull_request_delayed", 1],
    ["pull_request_delayed", 2],
    ["pull_request_failed", 3],
  ]);
});

it("a message that is lost costs time only: the reaper finds what is owed", async () => {
  const lost = stack.faults.SQS.on({
    operation: "SendMessageBatch",
    match: (body) => JSON.stringify(body).includes("pullRequestOf"),
    do: { kind: "drop_request" },
  });
  const taskId = await ask(forges.github);
  await until("the message is lost", async () => lost.hits() > 0);
  const { due } = await untilStatus(stack, taskId, "completed");
  expect(due?.kind).toBe("pull_request");
  expect(forges.github.pulls).toEqual([]);
  lost.remove();
  await until("the reaper has sent another", async () => {
    await stack.local.reaper.runNow();
    return (await stack.cloud.table.getTask(taskId))?.pullRequest?.state === "open";
  });
  expect(forges.github.pulls).toHaveLength(1);
});

it("a task that is killed while it pushes never gets one", async () => {
  const door = remote.holdPushes();
  const taskId = await ask(forges.github);
  await door.reached;
  await kill(stack, taskId);
  door.open();
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "killed", pullRequest: { state: "wanted" } });
  expect(remote.git("for-each-ref", `refs/heads/${drover(taskId)}`)).toBe("");
  expect(forges.github.asked).toEqual([]);
  await checkInvariants(stack, [taskId]);
});

it("a task that changes nothing has nothing to ask for", async () => {
  const taskId = await ask(forges.github, {}, { command: ["true"] });
  expect(await untilSettled(stack, taskId)).toMatchObject({ noChanges: true, pullRequest: { state: "wanted" } });
  expect(forges.github.asked).toEqual([]);
});

it("after a stop nothing more is opened for what was admitted before it", async () => {
  forges.github.answer("GET", { status: 503, headers: { "retry-after": "1" } });
  const taskId = await ask(forges.github);
  await untilTold(taskId, "delayed");
  const scope = "/api/orchestrator/workspaces/default";
  expect((await call(stack, "POST", `${scope}/kill-all`, { reason: "stop everything" })).status).toBeLessThan(300);
  try {
    const task = await untilTold(taskId, "failed");
    expect(task.pullRequest).toEqual({ state: "failed", why: "a stop covers the task" });
    expect(forges.github.pulls).toEqual([]);
  } finally {
    await call(stack, "POST", `${scope}/release`, { reason: "go on" });
  }
});

it("a retry of a failed task asks for it again", async () => {
  const first = await ask(forges.github, { draft: true }, { command: ["false"] });
  await untilStatus(stack, first, "failed");
  expect((await stack.cloud.table.getTask(first))?.pullRequest).toEqual({ state: "wanted" });
  const { body } = await call(stack, "POST", `${tasksPath}/${first}/retry`);
  expect((await stack.cloud.table.getSpec(body.taskId))?.pullRequest).toEqual({ draft: true });
  await untilSettled(stack, body.taskId);
});

describe("what cannot be is said before anything is queued", () => {
  const request = (over: object) => ({
    repository: forgeUrl(),
    prompt: "Do the work",
    agent: { kind: "command", command: ["true"] },
    credential: "github",
    pullRequest: {},
    ...over,
  });

  it.each<[string, () => object, number, string, RegExp]>([
    [
      "on a host that is no known forge",
      () => ({ credential: "plain" }),
      422,
      "pull_request_impossible",
      /which forge/,
    ],
    [
      "for a directory on this machine",
      () => ({ repository: remote.workDir, credential: undefined }),
      422,
      "pull_request_impossible",
      /directory on this machine/,
    ],
    [
      "into a branch that cannot be one",
      () => ({ pullRequest: { base: "a..b" } }),
      400,
      "invalid_request",
      /cannot be a branch/,
    ],
    [
      "with a word that nobody knows",
      () => ({ pullRequest: { reviewers: ["x"] } }),
      400,
      "invalid_request",
      /reviewers/,
    ],
  ])("%s", async (_name, over, status, code, words) => {
    await call(stack, "PUT", `${credentials}/plain`, { token });
    const answer = await call(stack, "POST", tasksPath, request(over()));
    expect(answer).toMatchObject({ status, body: { code } });
    expect(JSON.stringify(answer.body)).toMatch(words);
  });
});

it("a supervisor that says it has pushed, and has not had the permit, gets no pull request", async () => {
  const taskId = await ask(forges.github, {}, { command: ["sleep", "1000"] });
  await untilStatus(stack, taskId, "running");
  const agentId = agentIdOf(taskId, 1);
  const headers = { "x-drover-token": stack.cloud.tokenOf(agentId) };
  const message = { kind: "pushed", branch: "main", commit: "a".repeat(40) };
  const { status } = await call(stack, "POST", `/api/orchestrator/attempts/${agentId}/complete`, message, headers);
  expect(status).toBe(409);
  await kill(stack, taskId);
  await untilSettled(stack, taskId);
  expect(forges.github.asked).toEqual([]);
});
