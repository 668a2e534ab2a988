import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { type FeedEvent, readFeed } from "../../scripts/demo/follow.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const closed = useRemote({ a: "a\n" }, "right-token");
const good = { prompt: "Do it", agent: { kind: "command", command: ["true"] } };
const post = (body: unknown, headers?: Record<string, string>) => call(stack, "POST", tasksPath, body, headers);

describe("a request that cannot be accepted", () => {
  afterEach(async () => {
    const list = await call(stack, "GET", tasksPath);
    expect(list.body.tasks).toEqual([]);
  });

  it.each<[string, () => unknown, number, string, string]>([
    ["no JSON", () => "{", 400, "invalid_request", "JSON"],
    ["an empty object", () => ({}), 400, "invalid_request", "repository: is missing"],
    ["an unknown field", () => ({ ...good, repository: remote.url, promt: "x" }), 400, "invalid_request", "promt"],
    ["a wrong type", () => ({ ...good, repository: 7 }), 400, "invalid_request", "repository"],
    [
      "an empty prompt",
      () => ({ ...good, repository: remote.url, prompt: "" }),
      400,
      "invalid_request",
      "prompt: say in",
    ],
    ["a body of 2 MB", () => ({ ...good, prompt: "x".repeat(2_000_000) }), 413, "body_too_large", "1048576"],
    ["an ssh address", () => ({ ...good, repository: "git@host:a/b" }), 422, "repository_invalid", "https://host/a/b"],
    [
      "a token in the URL",
      () => ({ ...good, repository: "https://u:hidden@h/r" }),
      422,
      "repository_invalid",
      "credential",
    ],
    [
      "a path without a repository",
      () => ({ ...good, repository: "/nowhere" }),
      422,
      "repository_not_found",
      "/nowhere",
    ],
    [
      "a branch that is not there",
      () => ({ ...good, repository: remote.url, branch: "nope" }),
      422,
      "branch_not_found",
      "main",
    ],
    [
      "no token where one is needed",
      () => ({ ...good, repository: closed.url }),
      422,
      "repository_auth_refused",
      "token",
    ],
    [
      "a credential nobody set",
      () => ({ ...good, repository: closed.url, credential: "none" }),
      422,
      "credential_not_found",
      "PUT",
    ],
    [
      "a host that does not answer",
      () => ({ ...good, repository: "http://127.0.0.1:1/r" }),
      422,
      "repository_unreachable",
      "127.0.0.1:1",
    ],
  ])("%s", async (_name, body, status, code, words) => {
    const answer = await post(body());
    expect(answer).toMatchObject({ status, body: { code, status, type: `urn:drover:problem:${code}` } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body.detail).toContain(words);
    expect(JSON.stringify(answer.body)).not.toContain("hidden");
  });

  it("a token that the remote refuses, and it is not shown", async () => {
    await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/wrong", { token: "wrong-token" });
    const answer = await post({ ...good, repository: closed.url, credential: "wrong" });
    expect(answer).toMatchObject({ status: 422, body: { code: "repository_auth_refused" } });
    expect(JSON.stringify(answer.body)).not.toContain("wrong-token");
  });

  it.each([
    ["no key", {}],
    ["a key of the wrong form", { "x-api-key": "hello" }],
    ["an unknown key", { "x-api-key": `drv_01K0000000000000000000000A_${"a".repeat(43)}` }],
  ])("%s", async (_name, headers) => {
    const response = await fetch(`${stack.local.url}${tasksPath}`, { headers: headers as Record<string, string> });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "invalid_api_key" });
  });

  it("a right key id with a wrong secret", async () => {
    const wrong = `${stack.local.apiKey.slice(0, -2)}AA`;
    expect(await call(stack, "GET", tasksPath, undefined, { "x-api-key": wrong })).toMatchObject({ status: 401 });
  });

  it("another content type, another method, another path", async () => {
    const asText = await post("x=1", { "content-type": "application/x-www-form-urlencoded" });
    expect(asText).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
    expect(await call(stack, "GET", "/api/nothing")).toMatchObject({ status: 404, body: { code: "route_not_found" } });
    expect(await call(stack, "GET", `${tasksPath}/tsk_x`)).toMatchObject({
      status: 404,
      body: { code: "task_not_found" },
    });
    const operation = await call(stack, "GET", "/api/orchestrator/operations/opr_x");
    expect(operation).toMatchObject({ status: 404, body: { code: "operation_not_found" } });
    expect(operation.body.detail).toContain("opr_x. The answer to a stop names its operation.");
    expect(await call(stack, "GET", `${tasksPath}?limit=0`)).toMatchObject({ status: 400 });
    expect(await call(stack, "GET", `${tasksPath}?cursor=x`)).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });

  it.each([
    `${tasksPath}?stauts=queued`,
    `${tasksPath}/tsk_x/log?atempt=1`,
    `${tasksPath}/tsk_x/messages?afer=1`,
    "/api/orchestrator/agents?limt=1",
    "/api/orchestrator/audit/export?form=2026-01-01T00:00:00Z",
    "/api/orchestrator/audit/digests?afer=1",
  ])("a parameter that %s does not have, and it is named as one of the query", async (path) => {
    const answer = await call(stack, "GET", path);
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request", errors: [{ field: "(query)" }] } });
    expect(answer.body.detail).toContain(path.slice(path.indexOf("?") + 1, path.indexOf("=")));
  });

  it("a browser page under another name (DNS rebinding)", async () => {
    const { port } = new URL(stack.local.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `evil.example:${port}`, "x-api-key": stack.local.apiKey };
      request({ host: "127.0.0.1", port, path: tasksPath, headers }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });
});

describe("health", () => {
  it("says that the process is up", async () => {
    const { body } = await call(stack, "GET", "/health");
    expect(body).toEqual({ status: "healthy", uptimeMs: expect.any(Number), timestamp: expect.stringMatching(/Z$/) });
  });

  it("names what cannot be reached, and is ready again a second later", async () => {
    const gone = stack.faults.ECS.on({ operation: "DescribeClusters", do: { kind: "drop_request" } });
    const { status, body } = await call(stack, "GET", "/health/ready");
    gone.remove();
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: "not_ready",
      checks: { table: "ok", queue: "ok", cluster: expect.stringContaining("failed") },
    });
    await until("it is ready", async () => (await call(stack, "GET", "/health/ready")).status === 200);
  });

  it("asks ECS once in ten seconds, however many ask it", async () => {
    await until("it is ready", async () => (await call(stack, "GET", "/health/ready")).status === 200);
    const gone = stack.faults.ECS.on({ operation: "DescribeClusters", do: { kind: "drop_request" } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(stack, "GET", "/health/ready")));
    gone.remove();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });
});

describe("tasks", () => {
  it("are listed newest first, page by page, each once", async () => {
    const ids: TaskId[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await submit(stack, { repository: remote.url, command: ["true"] }));
    const listed: string[] = [];
    let cursor = "";
    do {
      const { body } = await call(stack, "GET", `${tasksPath}?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(body.tasks.length).toBeLessThanOrEqual(2);
      listed.push(...body.tasks.map((task: { taskId: string }) => task.taskId));
      cursor = body.nextCursor ?? "";
    } while (cursor);
    expect(listed).toEqual([...ids].reverse());
    for (const taskId of ids) await untilSettled(stack, taskId);
    await checkInvariants(stack, ids);
  });

  it("show what was asked for and what came of it", async () => {
    const taskId = await submit(stack, { repository: remote.url, command: ["true"], title: "A title", priority: 9 });
    await untilSettled(stack, taskId);
    const never = await call(stack, "GET", `${tasksPath}/${taskId}/log?attempt=2`);
    expect(never).toMatchObject({ status: 404, body: { code: "artifact_not_found" } });
    expect(never.body.detail).toBe(`${taskId} has no attempt 2; its last one is 1.`);
    const { body } = await call(stack, "GET", `${tasksPath}/${taskId}`);
    expect(body).toMatchObject({
      taskId,
      title: "A title",
      priority: 9,
      status: "completed",
      noChanges: true,
      agent: { kind: "command", command: ["true"] },
      attempts: [{ attempt: 1, state: "completed", agentId: agentIdOf(taskId, 1) }],
    });
    for (const inner of ["lastEventHash", "rounds"]) expect(Object.keys(body)).not.toContain(inner);
  });

  it("of another workspace do not exist for us", async () => {
    const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
    await untilSettled(stack, taskId);
    const made = await call(stack, "POST", "/api/orchestrator/workspaces/other/keys", {
      name: "o",
      role: "workspace_admin",
    });
    const headers = { "x-api-key": made.body.apiKey };
    expect(await call(stack, "GET", `${tasksPath}/${taskId}`, undefined, headers)).toMatchObject({ status: 404 });
    expect(await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: "x" }, headers)).toMatchObject({
      status: 404,
    });
    expect((await call(stack, "GET", tasksPath, undefined, headers)).body.tasks).toEqual([]);
    const credential = "/api/orchestrator/workspaces/default/credentials/x";
    expect(await call(stack, "PUT", credential, { token: "t" }, headers)).toMatchObject({ status: 403 });
  });
});

describe("the event feed", () => {
  const feedUrl = (taskId: string) => `${stack.local.url}${tasksPath}/${taskId}/events`;

  it("tells everything in order, live, and ends with the task", async () => {
    const command = ["sh", "-c", "echo hello from the agent; sleep 0.5; echo x > x"];
    const taskId = await submit(stack, { repository: remote.url, command });
    const seen: FeedEvent[] = [];
    for await (const event of readFeed(feedUrl(taskId), stack.local.apiKey, AbortSignal.timeout(60_000)))
      seen.push(event);
    const audits = seen.filter(({ event }) => event === "audit").map(({ data }) => data);
    expect(audits.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(audits.map(({ to }) => to)).toEqual([
      "queued",
      "launching",
      "running",
      "verifying",
      "publishing",
      "completed",
      "completed",
    ]);
    expect(audits.at(-1)).toMatchObject({
      type: "cleanup",
      data: { steps: { sandbox: "stopped", slots: "released" } },
    });
    const output = seen
      .filter(({ event }) => event === "progress")
      .map(({ data }) => data.output)
      .join("");
    expect(output).toContain("hello from the agent");
    expect(seen.at(-1)).toMatchObject({ event: "end", data: { status: "completed" } });
  });

  it("goes on behind the Last-Event-ID, without a gap and without a repetition", async () => {
    const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
    await untilSettled(stack, taskId);
    const resume = async (id: string) => {
      const response = await fetch(feedUrl(taskId), {
        headers: { "x-api-key": stack.local.apiKey, "last-event-id": id },
      });
      return { status: response.status, text: await response.text() };
    };
    const { text } = await resume("3.0");
    expect([...text.matchAll(/^id: (.+)$/gm)].map((match) => match[1])).toEqual([
      expect.stringMatching(/^3\.[1-9]/), // the output, which a client at 3.0 has not seen
      expect.stringMatching(/^4\./),
      expect.stringMatching(/^5\./),
      expect.stringMatching(/^6\./),
      expect.stringMatching(/^6\./), // the end
    ]);
    expect(text).toMatch(/^retry: 3000$/m);
    expect((await resume("nonsense")).status).toBe(400);
  });
});

describe("an attempt token", () => {
  const callbackAs = (agentId: string, token: string, verb = "beat") =>
    call(stack, "POST", `/api/orchestrator/attempts/${agentId}/${verb}`, beat, { "x-drover-token": token });
  const beat = { seq: 1, step: "x", stepStartedAt: 1, output: "", outputLength: 0 };
  const sign = (agentId: ReturnType<typeof agentIdOf>) => stack.cloud.tokenOf(agentId);

  it("of another task, of another attempt, forged or missing is refused, and changes nothing", async () => {
    const [one, two] = await Promise.all([
      submit(stack, { repository: remote.url, command: ["sleep", "60"] }),
      submit(stack, { repository: remote.url, command: ["sleep", "60"] }),
    ]);
    await untilStatus(stack, one, "running");
    await untilStatus(stack, two, "running");
    const agent = agentIdOf(one, 1);
    expect(await callbackAs(agent, sign(agentIdOf(two, 1)))).toMatchObject({
      status: 403,
      body: { code: "token_of_another_task" },
    });
    expect(await callbackAs(agent, "forged")).toMatchObject({ status: 403 });
    expect(await callbackAs(agent, "")).toMatchObject({ status: 403 });
    expect(await callbackAs("agt_x", "x")).toMatchObject({ status: 400 });
    const later = agentIdOf(one, 2);
    expect(await callbackAs(later, sign(later))).toMatchObject({ status: 409, body: { code: "attempt_superseded" } });
    const elsewhere = agentIdOf("tsk_01K0000000000000000000000A", 1);
    expect(await callbackAs(elsewhere, sign(elsewhere))).toMatchObject({ status: 404 });
    expect((await stack.cloud.table.getTask(one))?.version).toBe(3);
    const pushElsewhere = await call(
      stack,
      "POST",
      `/api/orchestrator/attempts/${agent}/work-done`,
      {},
      { "x-drover-token": sign(agent) },
    );
    expect(pushElsewhere).toMatchObject({ status: 400 });
    const headers = { "content-type": "application/json", "x-drover-token": sign(agent) };
    const torn = await fetch(`${stack.local.url}/api/orchestrator/attempts/${agent}/beat`, {
      ...{ method: "POST", headers, body: '{"seq": 1,' },
    });
    expect([torn.status, await torn.json()]).toMatchObject([400, { code: "invalid_request" }]);
    await Promise.all([kill(stack, one), kill(stack, two)]);
    await until("both have settled", async () => (await untilSettled(stack, one)) && (await untilSettled(stack, two)));
    await checkInvariants(stack, [one, two]);
  });
});

describe("a name that holds what separates the parts of a key", () => {
  const body = { reason: "x", name: "n", role: "member", token: "t", url: "https://hooks.example", events: [] };
  const schedule = { name: "n", cron: "@daily", task: { ...good, repository: "https://h/r" } };
  const base = "/api/orchestrator";
  const place = { cluster: "c", taskDefinition: "t", subnets: ["s"] };
  it.each<[string, (name: string) => [method: string, path: string, body: object]]>([
    ["a workspace's key", (name) => ["POST", `/workspaces/${encodeURIComponent(name)}/keys`, body]],
    ["a workspace's switch", (name) => ["POST", `/workspaces/${encodeURIComponent(name)}/kill-all`, body]],
    ["a workspace's credential", (name) => ["PUT", `/workspaces/${encodeURIComponent(name)}/credentials/c`, body]],
    ["a workspace's schedule", (name) => ["POST", `/workspaces/${encodeURIComponent(name)}/schedules`, schedule]],
    ["a webhook's workspace", (name) => ["POST", "/webhooks", { ...body, workspace: name }]],
    ["a credential", (name) => ["PUT", `/workspaces/default/credentials/${encodeURIComponent(name)}`, body]],
    ["a backend", (name) => ["POST", "/backends", { ...place, name }]],
    ["a backend that is revoked", (name) => ["DELETE", `/backends/${encodeURIComponent(name)}`, body]],
    ["the backend of a task", (name) => ["POST", "/tasks", { ...good, repository: "https://h/r", backend: name }]],
    [
      "the credential of a task",
      (name) => ["POST", "/tasks", { ...good, repository: "https://h/r", credential: name }],
    ],
  ])("is refused for %s, and nothing is written", async (_what, ask) => {
    const before = await stack.cloud.table.listChainHeads();
    for (const name of [
      "default#x",
      "default:x",
      "default/x",
      "default x",
      "Default",
      "#",
      "..",
      `a${"b".repeat(63)}`,
    ]) {
      const [method, path, sent] = ask(name);
      const { status, body: answer } = await call(stack, method, `${base}${path}`, sent);
      expect([400, 404, 422], `${method} ${path}: ${JSON.stringify(answer)}`).toContain(status);
    }
    expect(await stack.cloud.table.listChainHeads()).toEqual(before);
    expect(await stack.cloud.table.listWorkspaces()).not.toContain("default#x");
  });
});
