import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { bash, done, failingProject, mend, useModel } from "../support/model.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, tasksPath, until, untilSettled, untilStatus, untilTask, useStack } from "../support/stack.ts";

/** A beat that comes by itself would come too late for what is told here. */
const stack = useStack({ DROVER_LOG_UPLOAD_MS: "1", DROVER_BEAT_MS: "20000" });
const remote = useRemote(failingProject);
const model = useModel(stack);
/** What is told here has nothing to do with gates. */
const gates = { profile: "none" };
const show = async (taskId: string) => (await call(stack, "GET", `${tasksPath}/${taskId}`)).body;

it("a provider out of quota burns no attempt: its tasks wait, also those that come later, until it has some again", async () => {
  const busy = { error: { status: 429, type: "rate_limit_error", headers: { "retry-after": "3600" } } };
  model.script = [busy];
  const first = await model.submit({ repository: remote.url, gates });
  const waiting = await untilTask(
    stack,
    first,
    "waits again",
    ({ status, attempt }) => status === "queued" && attempt === 1,
  );
  expect(waiting).toMatchObject({ attemptsUsed: 0, failure: { class: "provider_quota" }, due: { kind: "held" } });
  expect((waiting.due?.at ?? 0) - Date.now()).toBeGreaterThan(3_500_000);
  // The call was refused, so nothing of what was reserved for it is lost; what was done is kept.
  expect((await show(first)).spend).toMatchObject({ turns: 0, reservedTokens: 0, unconfirmedTokens: 0 });
  const [attempt] = await stack.cloud.table.listAttempts(first);
  expect(attempt?.beat?.checkpoint).toBe(true);

  const second = await model.submit({ repository: remote.url, gates });
  const held = await untilTask(stack, second, "is held back", ({ due }) => due !== undefined);
  expect(held).toMatchObject({ status: "queued", attempt: 0 });
  // Of what one sandbox says, so much holds for the others.
  expect((held.due?.at ?? 0) - Date.now()).toBeLessThanOrEqual(5 * 60_000);
  const command = { kind: "command", command: ["true"] };
  const other = await call(stack, "POST", tasksPath, { repository: remote.url, prompt: "x", agent: command });
  expect((await untilSettled(stack, other.body.taskId)).status).toBe("completed");

  // Both may ask at the same moment: each is answered by how far it is.
  model.script = ({ messages }) => (messages.length > 1 ? done : { tools: [mend] });
  const resume = "/api/orchestrator/workspaces/default/credentials/anthropic/resume";
  expect((await call(stack, "POST", resume, { reason: "we have paid" })).body).toEqual({ resumed: true });
  expect((await call(stack, "POST", resume, { reason: "again" })).body).toEqual({ resumed: false });
  expect((await untilSettled(stack, second)).status).toBe("completed");
  expect(await untilSettled(stack, first)).toMatchObject({ status: "completed", attempt: 2, attemptsUsed: 1 });
  await checkInvariants(stack, [first, second]);
});

it("a budget of two calls ends the task after two, with what was used, and it is not tried again", async () => {
  model.script = () => ({ tools: [bash("true")] });
  const asked = model.api.requests.length;
  const taskId = await model.submit({ repository: remote.url, gates, limits: { turns: 2 } });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "budget" } });
  expect(task.failure?.message).toMatch(/2 of 2 calls/);
  expect(model.api.requests.length - asked).toBe(2);
  expect((await show(taskId)).budget).toContainEqual({ limit: "turns", used: 2, of: 2, state: "reached" });
  await checkInvariants(stack, [taskId]);
});

it("an attempt whose sandbox is lost is gone on with: files, words and spend, though its disk is deleted", async () => {
  const never = Promise.withResolvers<void>();
  const asked = model.api.requests.length;
  model.script = [
    { tools: [{ name: "write_notes", input: { text: "The sign in add.mjs is wrong." } }] },
    { tools: [mend] },
    { tools: [bash("rm package.json; echo kept > new.txt")] },
    { text: "never seen", gate: never.promise },
  ];
  const taskId = await model.submit({ repository: remote.url, gates });
  await model.api.reached(asked + 3);
  const lost = await until("a checkpoint was taken and a call reserved", async () => {
    const [attempt] = await stack.cloud.table.listAttempts(taskId);
    return attempt?.beat?.checkpoint && attempt.beat.spend?.turns === 4 && attempt;
  });
  model.script = [done];
  await stack.cloud.sandboxes("default").stop(lost.sandboxArn ?? "", "the machine is gone");
  const task = await untilSettled(stack, taskId);
  never.resolve();
  expect(task).toMatchObject({ status: "completed", attempt: 2 });
  expect(remote.git("diff", "--name-status", `main..${drover(taskId)}`)).toBe(
    "M\tadd.mjs\nA\tnew.txt\nD\tpackage.json\n",
  );
  const opening = JSON.stringify(model.api.requests.at(-1)?.body.messages);
  expect(opening).toContain("The sign in add.mjs is wrong.");
  const { spend } = await show(taskId);
  expect(spend.turns).toBe(5);
  expect(spend.unconfirmedTokens).toBeGreaterThan(0);
  await checkInvariants(stack, [taskId]);
});

it("what a person says in the last moment is heard before the agent is believed, and not taken while it is published", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = model.api.requests.length;
  const more = { tools: [bash("echo heard > heard.txt")] };
  model.script = (_, turn) => [{ tools: [mend] }, { ...done, gate: gate.promise }, more, done][turn] ?? done;
  const push = remote.holdPushes();
  const taskId = await model.submit({ repository: remote.url, gates });
  await model.api.reached(asked + 1);
  const say = (text: string) => call(stack, "POST", `${tasksPath}/${taskId}/messages`, { text });
  expect((await say("Mind the gap")).status).toBe(201);
  gate.resolve();
  await push.reached;
  expect(await say("Too late")).toMatchObject({ status: 409, body: { code: "illegal_transition" } });
  push.open();
  expect((await untilSettled(stack, taskId)).status).toBe("completed");
  expect(JSON.stringify(model.api.requests.at(-1)?.body.messages)).toContain("Mind the gap");
  expect(remote.git("show", `${drover(taskId)}:heard.txt`)).toBe("heard\n");
  await checkInvariants(stack, [taskId]);
});

it("a kill during a tool call ends the tool with everything it has started", async () => {
  const marker = `drover-marker-${process.pid}`;
  model.script = () => ({ tools: [bash(`(exec -a ${marker} sleep 1000) & exec -a ${marker} sleep 1000`)] });
  const taskId = await model.submit({ repository: remote.url, gates });
  await untilStatus(stack, taskId, "running");
  const alive = async () =>
    spawnSync("pgrep", ["-cf", `^${marker}`])
      .stdout.toString()
      .trim();
  await until("the tool runs", async () => Number(await alive()) > 0);
  await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: "enough" });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  await until("no process is left", async () => (await alive()) === "0");
  await checkInvariants(stack, [taskId]);
});
