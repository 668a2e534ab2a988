import { ECSClient, RunTaskCommand } from "@aws-sdk/client-ecs";
import { describe, expect, it } from "vitest";
import { createKillApp } from "../../functions/api/kill-app.ts";
import { findBreak } from "../../functions/core/audit.ts";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { useCluster } from "../support/second-cluster.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const declared = { cluster: "drover", taskDefinition: "drover-sandbox", subnets: ["subnet-local"] };
const stack = useStack({ DROVER_SLOTS: "4", DROVER_BACKENDS: JSON.stringify({ spot: declared }) });
const gpu = useCluster(stack, "gpu");
const remote = useRemote();
const path = "/api/orchestrator/backends";
const endless = ["sleep", "1000"];
const reason = { reason: "the test says so" };

const add = (body: object) => call(stack, "POST", path, body);
const show = async (name: string) => (await call(stack, "GET", `${path}/${name}`)).body;
const test = async (name: string) => (await call(stack, "POST", `${path}/${name}/test`)).body;
const act = (name: string, verb: string) => call(stack, "POST", `${path}/${name}/${verb}`, reason);
const revoke = (name: string) => call(stack, "DELETE", `${path}/${name}`, reason);
const addGpu = (over: object = {}) => add({ name: "gpu", endpoint: gpu.url, cluster: "gpu", ...over });
const send = (backend: string, command: string[] = ["true"]) =>
  submit(stack, { repository: remote.url, command, backend });
const ask = (backend: string) =>
  call(stack, "POST", tasksPath, {
    ...{ repository: remote.url, prompt: "x", agent: { kind: "command", command: ["true"] } },
    backend,
  });
const taskOf = (taskId: TaskId) => stack.cloud.table.getTask(taskId);
const makeKey = async (role: string) => {
  const { body } = await call(stack, "POST", "/api/orchestrator/workspaces/default/keys", { name: role, role });
  return { "x-api-key": body.apiKey as string };
};
const arnOf = async (taskId: TaskId) => (await stack.cloud.table.listAttempts(taskId)).at(-1)?.sandboxArn;
const reapUntil = (what: string, probe: () => Promise<boolean>) =>
  until(what, async () => {
    await stack.local.reaper.runNow();
    return probe();
  });

describe("a backend", () => {
  it("that is added takes the tasks that name it, and no other backend gets them", async () => {
    const added = await addGpu({ note: "the second one" });
    expect(added).toMatchObject({
      status: 201,
      body: { name: "gpu", state: "open", cluster: "gpu", running: 0, generation: 0, note: "the second one" },
    });
    expect(added.body.health).toMatchObject({ reachable: true, checkedAt: expect.any(String) });
    const write = (name: string) => ["sh", "-c", `echo ${name} > ${name}`];
    const [there, here] = [await send("gpu", write("there")), await send("default", write("here"))];
    for (const taskId of [there, here]) expect(await untilSettled(stack, taskId)).toMatchObject({ attempt: 1 });
    expect(await arnOf(there)).toContain(":task/gpu/");
    expect(await arnOf(here)).toContain(":task/drover/");
    expect(remote.git("show", `${drover(there)}:there`)).toBe("there\n");
    const { backends } = (await call(stack, "GET", path)).body;
    expect(backends.map((one: { name: string }) => one.name)).toEqual(["default", "gpu"]);
    await checkInvariants(stack, [there, here]);
  });

  it("that is declared is added by its name, and its declaration says where it is", async () => {
    expect(await ask("spot")).toMatchObject({ status: 422, body: { code: "backend_unknown" } });
    expect(await add({ name: "spot", cluster: "drover" })).toMatchObject({ status: 400 });
    expect(await add({ name: "spot" })).toMatchObject({ status: 201, body: { declared: true, cluster: "drover" } });
    const taskId = await send("spot");
    expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", backend: "spot" });
    await checkInvariants(stack, [taskId]);
  });

  it("that is neither declared nor on this machine is refused, with the setting that would declare it", async () => {
    for (const endpoint of [undefined, "http://10.0.0.1:4566", "https://ecs.eu-central-1.amazonaws.com"]) {
      const refused = await add({ name: "far", endpoint, cluster: "far" });
      expect(refused).toMatchObject({ status: 422, body: { code: "backend_not_declared" } });
      expect(refused.body.detail).toContain("DROVER_BACKENDS");
      expect(refused.body.detail).toContain("declared are spot, default");
    }
    expect(await call(stack, "GET", `${path}/far`)).toMatchObject({ status: 404, body: { code: "backend_not_found" } });
    const unknown = await ask("far");
    expect(unknown).toMatchObject({ status: 422, body: { code: "backend_unknown" } });
    expect(unknown.body.detail).toContain("default, gpu, spot");
    expect(unknown.body.detail).toContain(`GET ${path}`);
  });

  it("is added, changed and revoked by a super admin only, tested by admins, and listed by everybody", async () => {
    const [member, admin] = [await makeKey("member"), await makeKey("workspace_admin")];
    const as = (key: Record<string, string>, method: string, suffix: string, body?: object) =>
      call(stack, method, `${path}${suffix}`, body, key).then(({ status }) => status);
    for (const key of [member, admin]) {
      expect(await as(key, "GET", "")).toBe(200);
      expect(await as(key, "GET", "/gpu")).toBe(200);
      expect(await as(key, "POST", "", { name: "spot" })).toBe(403);
      expect(await as(key, "PATCH", "/gpu", { slots: 1 })).toBe(403);
      expect(await as(key, "DELETE", "/gpu", reason)).toBe(403);
      for (const verb of ["release", "pause", "resume"])
        expect(await as(key, "POST", `/gpu/${verb}`, reason)).toBe(403);
    }
    const { table } = stack.cloud;
    const found = { name: "gpu", checkedAt: Date.now(), latencyMs: 1 };
    const rest = { until: Date.now() + 60_000, ms: 60_000 };
    await table.putBackendHealth({ ...found, rest });
    expect([await as(member, "POST", "/gpu/test"), await as(admin, "POST", "/gpu/test")]).toEqual([403, 200]);
    // A test launches nothing: whether there is room again, it does not know.
    expect((await table.listBackends()).health.find(({ name }) => name === "gpu")).toMatchObject({ rest });
    await table.putBackendHealth(found);
    expect(await call(stack, "DELETE", `${path}/gpu`, {})).toMatchObject({ status: 400 });
    expect(await call(stack, "DELETE", `${path}/nobody`, reason)).toMatchObject({ status: 404 });
    expect(await addGpu()).toMatchObject({ status: 409, body: { code: "backend_exists" } });
    expect(await show("gpu")).toMatchObject({ state: "open", generation: 0 });
  });

  it("has a limit of its own, which holds nobody else up", async () => {
    expect((await call(stack, "PATCH", `${path}/gpu`, { slots: 1 })).body).toMatchObject({ slots: 1 });
    const first = await send("gpu", endless);
    await untilStatus(stack, first, "running");
    const second = await send("gpu", endless);
    const other = await send("default");
    expect(await untilSettled(stack, other)).toMatchObject({ status: "completed" });
    expect(await taskOf(second)).toMatchObject({ status: "queued", attempt: 0 });
    expect(await show("gpu")).toMatchObject({ running: 1 });
    expect((await call(stack, "PATCH", `${path}/gpu`, { slots: null })).body.slots).toBeUndefined();
    await untilStatus(stack, second, "running");
    for (const taskId of [first, second]) await kill(stack, taskId);
    for (const taskId of [first, second]) await untilSettled(stack, taskId);
    await checkInvariants(stack, [first, second, other]);
  });

  it("that is paused keeps its tasks waiting, more than an index head of them, and the others run", async () => {
    await act("gpu", "pause");
    expect(await show("gpu")).toMatchObject({ state: "paused" });
    const waiting: TaskId[] = [];
    for (let n = 0; n < 12; n += 1) waiting.push(await send("gpu"));
    // Its own wake-up is lost, so it must come up in the index.
    const lost = stack.faults.SQS.on({ operation: "SendMessage", do: { kind: "drop_request" } });
    const other = await send("default");
    lost.remove();
    await reapUntil("the other one has run", async () => (await taskOf(other))?.status === "completed");
    for (const taskId of waiting) expect(await taskOf(taskId)).toMatchObject({ status: "queued", attempt: 0 });
    for (const taskId of waiting.slice(2)) await kill(stack, taskId);
    expect((await act("gpu", "resume")).body).toMatchObject({ changed: true, paused: false });
    for (const taskId of waiting.slice(0, 2))
      expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
    await checkInvariants(stack, [...waiting, other]);
  });
});

describe("a backend that is down", () => {
  it("keeps its tasks waiting, uses none of their attempts, says so with its age, and runs them once it is back", async () => {
    await gpu.down();
    const first = await submit(stack, { repository: remote.url, command: ["true"], backend: "gpu", maxAttempts: 1 });
    await until("its launch was put back", async () => (await taskOf(first))?.putBacks === 1);
    expect(await taskOf(first)).toMatchObject({ status: "queued", attemptsUsed: 0 });
    // Found out by the first launch, so the next one is not even claimed.
    const second = await send("gpu");
    const other = await send("default");
    expect(await untilSettled(stack, other)).toMatchObject({ status: "completed" });
    expect(await taskOf(second)).toMatchObject({ status: "queued", attempt: 0 });
    const { health } = await show("gpu");
    expect(health).toMatchObject({ reachable: false, error: expect.stringContaining("ECONNREFUSED") });
    expect(health.ageMs).toBeGreaterThan(0);
    expect(health.ageMs).toBeLessThan(60_000);
    expect(await test("gpu")).toMatchObject({ reachable: false });
    expect(await call(stack, "GET", "/health/ready")).toMatchObject({ status: 200 });

    await gpu.up();
    expect(await test("gpu")).toMatchObject({ reachable: true });
    await reapUntil("both have run", async () => {
      const tasks = await Promise.all([first, second].map(taskOf));
      return tasks.every((task) => task?.status === "completed");
    });
    expect([(await taskOf(first))?.attemptsUsed, (await taskOf(second))?.attemptsUsed]).toEqual([1, 1]);
    await checkInvariants(stack, [first, second, other]);
  });

  it("is told of a kill once it is back", async () => {
    const taskId = await send("gpu", endless);
    await untilStatus(stack, taskId, "running");
    await gpu.down();
    expect((await kill(stack, taskId)).body).toMatchObject({ stop: "pending", task: { status: "killed" } });
    await stack.local.reaper.runNow();
    expect(await taskOf(taskId)).toMatchObject({ status: "killed", owedCleanups: [{ attempt: 1 }] });
    await gpu.up();
    await test("gpu");
    expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "stopped" });
    await checkInvariants(stack, [taskId]);
  });

  it("does not keep the reaper from the others, though it comes first", async () => {
    const ended = await send("default");
    await untilSettled(stack, ended);
    expect(await add({ name: "a", endpoint: gpu.url, cluster: "gpu" })).toMatchObject({ status: 201 });
    await gpu.down();
    const orphan = agentIdOf(ended, 2);
    await runSandbox(stack.faults.ECS.url, "drover", orphan);
    await reapUntil("the orphan has stopped", async () => {
      const found = await stack.cloud.sandboxes("default").findByAgent(orphan);
      return found.length === 1 && found.every(({ stopped }) => stopped);
    });
    await gpu.up();
    await revoke("a");
    await checkInvariants(stack, [ended]);
  });

  it("or takes a connection and says nothing, is unreachable after seconds, not for ever", async () => {
    await add({ name: "mute", endpoint: gpu.faults.url, cluster: "gpu" });
    const silence = hold();
    const rule = gpu.faults.on({ operation: "DescribeClusters", do: silence });
    expect(await test("mute")).toMatchObject({ reachable: false, error: expect.stringContaining("DescribeClusters") });
    const waits = await send("mute");
    const other = await send("default");
    expect(await untilSettled(stack, other)).toMatchObject({ status: "completed" });
    expect(await taskOf(waits)).toMatchObject({ status: "queued", attempt: 0 });
    rule.remove();
    silence.release();
    expect(await test("mute")).toMatchObject({ reachable: true });
    await reapUntil("it has run", async () => (await taskOf(waits))?.status === "completed");
    await checkInvariants(stack, [waits, other]);
  });
});

describe("a revoked backend", () => {
  it("has its tasks killed, the waiting ones too, takes no other, and the tasks elsewhere go on", async () => {
    await call(stack, "PATCH", `${path}/gpu`, { slots: 1 });
    const live = await send("gpu", endless);
    const elsewhere = await send("default", endless);
    for (const taskId of [live, elsewhere]) await untilStatus(stack, taskId, "running");
    const waiting = await send("gpu", endless);
    await until("it is held back", async () => (await taskOf(waiting))?.due?.kind === "held");

    const answer = await revoke("gpu");
    expect(answer).toMatchObject({
      status: 200,
      body: { scope: "backend:gpu", killed: 2, failed: 0, remaining: 0, finished: true },
    });
    for (const taskId of [live, waiting]) {
      expect(await untilSettled(stack, taskId)).toMatchObject({ killed: { cause: "backend_revoked" } });
    }
    expect(await taskOf(elsewhere)).toMatchObject({ status: "running" });
    expect(await ask("gpu")).toMatchObject({ status: 422, body: { code: "backend_revoked" } });
    const listed = async (query = "") =>
      (await call(stack, "GET", `${path}${query}`)).body.backends.map((one: { name: string }) => one.name);
    expect(await listed()).toEqual(["default", "mute", "spot"]);
    expect(await listed("?revoked=true")).toEqual(["a", "default", "gpu", "mute", "spot"]);
    expect(await show("gpu")).toMatchObject({ state: "revoked", generation: 1, revokedAt: expect.any(String) });
    await kill(stack, elsewhere);
    await untilSettled(stack, elsewhere);
    await checkInvariants(stack, [live, waiting, elsewhere]);
  });

  it("keeps its name: it is added again where it was, and takes tasks once it is released as well", async () => {
    expect(await addGpu({ endpoint: "http://127.0.0.1:9" })).toMatchObject({
      status: 409,
      body: { code: "backend_name_taken" },
    });
    const again = await addGpu();
    expect(again).toMatchObject({ status: 201, body: { state: "stopped", generation: 1 } });
    expect(again.body.slots).toBeUndefined();
    expect(await ask("gpu")).toMatchObject({ status: 503, body: { code: "admission_stopped", scope: "backend:gpu" } });
    expect((await act("gpu", "release")).body).toMatchObject({ changed: true, stopped: false, generation: 1 });
    const taskId = await send("gpu");
    expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", admitted: { backend: 1 } });
    await checkInvariants(stack, [taskId]);
  });

  it("is back as it was after a plain release, and every act stands in the global chain", async () => {
    await call(stack, "PATCH", `${path}/gpu`, { slots: 2 });
    await revoke("gpu");
    expect((await act("gpu", "release")).body).toMatchObject({ changed: true, generation: 2 });
    expect(await show("gpu")).toMatchObject({ state: "open", slots: 2 });
    const acts = await stack.cloud.table.listActs("global", 0, 1000);
    expect(findBreak(acts)).toBeUndefined();
    const ofGpu = acts.filter(({ data }) => data.name === "gpu" || data.scope === "backend:gpu");
    expect(ofGpu.slice(-4).map(({ type }) => type)).toEqual([
      "switch_release",
      "backend_changed",
      "switch_stop",
      "switch_release",
    ]);
    expect(acts.filter(({ type, data }) => type === "backend_added" && data.name === "gpu")).toMatchObject([
      { data: { cluster: "gpu", wasRevoked: false } },
      { data: { cluster: "gpu", wasRevoked: true } },
    ]);
  });

  it("whose launch is in flight: what it starts all the same is stopped", async () => {
    const held = hold();
    const rule = gpu.faults.on({ operation: "RunTask", do: held });
    const taskId = await send("mute", endless);
    await held.reached;
    expect(await taskOf(taskId)).toMatchObject({ status: "launching" });
    expect((await revoke("mute")).body).toMatchObject({ killed: 1, finished: true });
    expect(await taskOf(taskId)).toMatchObject({ status: "killed", killed: { from: "launching" } });
    rule.remove();
    held.release();
    await until("the sandbox was started and stopped", async () => {
      const [sandbox] = await stack.cloud.sandboxes("mute").findByAgent(agentIdOf(taskId, 1));
      return sandbox?.stopped;
    });
    expect(await untilSettled(stack, taskId)).toMatchObject({ stopConfirmation: "stopped" });
    await checkInvariants(stack, [taskId]);
  });

  it("can be the one that the stack came with, and is revoked through the kill function too", async () => {
    const killApp = createKillApp(async () => stack.cloud);
    const headers = { "x-api-key": stack.local.apiKey, "content-type": "application/json" };
    const request = { method: "DELETE", headers, body: JSON.stringify(reason) };
    const answer = await killApp.request(`${path}/default`, request);
    expect(await answer.json()).toMatchObject({ scope: "backend:default", finished: true });
    expect(await ask("default")).toMatchObject({ status: 422, body: { code: "backend_revoked" } });
    expect(await add({ name: "default" })).toMatchObject({ status: 201, body: { state: "stopped" } });
    expect((await act("default", "release")).body).toMatchObject({ changed: true });
    const taskId = await send("default");
    expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
    await checkInvariants(stack, [taskId]);
  });
});

it("a sandbox of a task that this drover has never seen is somebody else's, and is left alone", async () => {
  const agentId = agentIdOf("tsk_01K0000000000000000000000A", 1);
  await runSandbox(gpu.url, "gpu", agentId);
  const sandboxes = stack.cloud.sandboxes("gpu");
  await stack.local.reaper.runNow();
  const [found] = await sandboxes.findByAgent(agentId);
  expect(found).toMatchObject({ stopped: false });
  await sandboxes.stop(found?.sandboxArn ?? "", "the test is over");
  await until("it has stopped", async () => (await sandboxes.findByAgent(agentId)).every(({ stopped }) => stopped));
});

/** Not by a launch of ours: it has nothing to ask the API, and ends only when it is stopped. */
async function runSandbox(endpoint: string, cluster: string, startedBy: string): Promise<void> {
  const client = new ECSClient({ endpoint });
  await client.send(
    new RunTaskCommand({
      ...{ cluster, taskDefinition: "drover-sandbox", startedBy },
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-local"] } },
      overrides: { containerOverrides: [{ name: "supervisor", command: ["sleep", "1000"] }] },
    }),
  );
  client.destroy();
}
