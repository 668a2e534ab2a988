import { expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import type { Turn } from "../support/messages-api.ts";
import { bash, done, failingProject, mend, useModel } from "../support/model.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote(failingProject);
const mended = useRemote({ ...failingProject, "add.mjs": "export const add = (a, b) => a + b;\n" });
const model = useModel(stack);
const agentOf = (taskId: string, attempt = 1) => `agt_${taskId.slice("tsk_".length)}_${attempt}`;
const eventsOf = (taskId: `tsk_${string}`) => stack.cloud.table.listEvents(taskId, 0, 100);
const verdictsOf = async (taskId: string) =>
  JSON.parse((await call(stack, "GET", `${tasksPath}/${taskId}/verdicts`)).body);
const check = async (taskId: string, files: string[]) =>
  (await call(stack, "POST", "/api/orchestrator/quality/check", { taskId, agentId: agentOf(taskId), files })).body;
const write = (path: string, text: string) => bash(`cat > ${path} <<'END'\n${text}\nEND`);
const heard = (request: number) => JSON.stringify(model.api.requests.at(request)?.body.messages.at(-1));

it("work that does not pass goes back with what failed, is repaired in the same sandbox, and passes", async () => {
  model.script = [{ tools: [write("NOTES.md", "I have done it.")] }, done, { tools: [mend] }, done];
  const taskId = await model.submit({ repository: remote.url });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed", attempt: 1, rejections: 1 });
  expect(heard(-2)).toMatch(/test failed[\s\S]*Expected/);
  const events = await eventsOf(taskId);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["work_done", "rejected", "permit_granted", "completed"]),
  );
  const rejected = events.find(({ type }) => type === "rejected");
  expect(rejected?.data).toMatchObject({ rejectedBy: "gates", verdicts: { test: "failed" } });
  const report = await verdictsOf(taskId);
  expect(report).toMatchObject({ round: 2, commit: task.commit });
  expect(report.verdicts).toContainEqual(
    expect.objectContaining({ gate: "test", phase: "pre_commit", outcome: "passed" }),
  );
  const evidence = (await call(stack, "GET", `${tasksPath}/${taskId}/gates`)).body;
  expect(evidence).toMatch(/\[drover\] gate test: passed\n[\s\S]*adds/);
  expect(await check(taskId, ["add.mjs"])).toMatchObject({ approved: true });
  expect(await check(taskId, ["other.mjs"])).toMatchObject({ approved: false, gate: "diff" });
  await checkInvariants(stack, [taskId]);
});

it("an agent that weakens the test is caught, and after three rejections people are told, with the evidence", async () => {
  const script = bash("sed -i 's/node --test/true/' package.json");
  const skip = bash('sed -i \'s/test("adds"/test.skip("adds"/\' add.test.mjs');
  model.script = [{ tools: [skip] }, done, { tools: [script] }, done, { tools: [bash("rm add.test.mjs")] }, done];
  const taskId = await model.submit({ repository: remote.url });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "failed", attempt: 1, escalated: true, failure: { class: "gate_rejection" } });
  expect(task.rejections).toBe(3);
  const rejected = (await eventsOf(taskId)).filter(({ type }) => type === "rejected");
  expect(rejected.map(({ data }) => (data.verdicts as Record<string, string>).tampering)).toEqual(
    Array(3).fill("failed"),
  );
  expect(remote.git("branch", "--list", drover(taskId))).toBe("");
  const { verdicts } = await verdictsOf(taskId);
  expect(verdicts).toContainEqual(expect.objectContaining({ gate: "tampering", outcome: "failed" }));
  expect(await check(taskId, [])).toMatchObject({ approved: false, gate: "tampering" });
  await checkInvariants(stack, [taskId]);
});

it("with YOLO the gates are skipped, and the work is pushed and vouched for by nobody", async () => {
  model.script = [{ tools: [write("NOTES.md", "untested")] }, done];
  const taskId = await model.submit({ repository: remote.url, yolo: { reason: "it is a note" } });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", yolo: true });
  const permit = (await eventsOf(taskId)).find(({ type }) => type === "permit_granted");
  expect(permit?.data.verdicts).toEqual({ yolo: "skipped" });
  expect(await check(taskId, [])).toMatchObject({ approved: false, gate: "yolo" });
  await checkInvariants(stack, [taskId]);
});

const opinion = (approved: boolean, confidence: number) => ({
  approved,
  confidence,
  reason: `confidence ${confidence}`,
});
const review = (approved: boolean, confidence: number): Turn => ({
  text: JSON.stringify({ findings: [], review: opinion(approved, confidence), completion: opinion(true, 0.95) }),
});

it.each([
  ["refuses", review(false, 0.99), /not approved/],
  ["is not sure", review(true, 0.89), /only 0.89/],
  ["says something that cannot be read", { text: "Looks good to me!" } as Turn, /cannot be read/],
])("a reviewer that %s sends the work back, and sees the task and the change only", async (_name, answer, reason) => {
  let reviews = 0;
  model.script = (request, turn) => {
    if (!request.output_config?.format)
      return [{ text: "A thought of mine.", tools: [mend] }, done, done][turn] ?? done;
    reviews += 1;
    return reviews === 1 ? answer : review(true, 0.97);
  };
  const taskId = await model.submit({ repository: remote.url, gates: { gates: ["test", "ai_review"] } });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", rejections: 1 });
  expect(heard(-2)).toMatch(reason);
  const question = JSON.stringify(model.api.requests.at(-1)?.body.messages);
  expect(question).toContain("Mend the failing test");
  expect(question).toContain("a + b");
  expect(question).not.toContain("A thought of mine");
  await checkInvariants(stack, [taskId]);
});

it.each([
  ["work", remote, mend],
  ["no change", mended, bash("true")],
])("what a person says while %s is judged is heard before it ends, and is no rejection", async (_what, repository, act) => {
  const gate = Promise.withResolvers<void>();
  model.script = (request, turn) => {
    if (request.output_config?.format) return { ...review(true, 0.97), gate: gate.promise };
    return [{ tools: [act] }, done, { tools: [write("NOTES.md", "Mind the gap")] }, done][turn] ?? done;
  };
  const taskId = await model.submit({ repository: repository.url, gates: { gates: ["test", "ai_review"] } });
  await untilStatus(stack, taskId, "verifying");
  const sent = await call(stack, "POST", `${tasksPath}/${taskId}/messages`, { text: "Mind the gap, too" });
  expect(sent.status).toBe(201);
  gate.resolve();
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "completed", attempt: 1 });
  expect(task.rejections ?? 0).toBe(0);
  expect(model.api.requests.some(({ body }) => JSON.stringify(body.messages).includes("Mind the gap, too"))).toBe(true);
  const rejected = (await eventsOf(taskId)).filter(({ type }) => type === "rejected");
  expect(rejected.map(({ data }) => data.rejectedBy)).toEqual(["message"]);
  expect(repository.git("show", `${drover(taskId)}:NOTES.md`)).toContain("Mind the gap");
  await checkInvariants(stack, [taskId]);
});

it("an agent that is done without a change is not believed: the gates run on what is there, and it goes back", async () => {
  model.script = [done, { tools: [mend] }, done];
  const taskId = await model.submit({ repository: remote.url });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", rejections: 1 });
  expect(heard(-2)).toMatch(/test failed[\s\S]*Expected/);
  expect(remote.git("show", `${drover(taskId)}:add.mjs`)).toContain("a + b");
  await checkInvariants(stack, [taskId]);
});

it("where nothing needs to be done, the gates and the reviewer say so, and the task is completed without a branch", async () => {
  model.script = (request) => (request.output_config?.format ? review(true, 0.97) : done);
  const taskId = await model.submit({ repository: mended.url, gates: { gates: ["test", "ai_review"] } });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
  expect(JSON.stringify(model.api.requests.at(-1)?.body.messages)).toContain("(nothing was changed)");
  expect((await verdictsOf(taskId)).verdicts).toContainEqual(
    expect.objectContaining({ gate: "test", outcome: "passed" }),
  );
  expect(mended.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});

it("a secret in the work is not pushed, by no mode: the agent takes it out, or the task fails", async () => {
  const secret = ["ghp", "_", "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"].join("");
  model.script = [
    { tools: [mend, write("config.mjs", `export const token = "${secret}";`)] },
    done,
    { tools: [bash("rm config.mjs")] },
    done,
  ];
  const repaired = await model.submit({ repository: remote.url, yolo: { reason: "hurry" } });
  expect(await untilSettled(stack, repaired)).toMatchObject({ status: "completed", rejections: 1 });
  expect(remote.git("ls-tree", "--name-only", drover(repaired))).not.toContain("config.mjs");
  model.script = (_, turn) =>
    turn === 0 ? { tools: [write("config.mjs", `export const token = "${secret}";`)] } : done;
  const kept = await model.submit({ repository: remote.url, yolo: { reason: "hurry" } });
  expect(await untilSettled(stack, kept)).toMatchObject({
    status: "failed",
    escalated: true,
    rejections: 3,
    failure: { class: "gate_rejection" },
  });
  expect(remote.git("branch", "--list", drover(kept))).toBe("");
  const told = JSON.stringify([await eventsOf(repaired), await eventsOf(kept), await stack.cloud.table.getTask(kept)]);
  expect(told).not.toContain(secret);
  expect((await call(stack, "GET", `${tasksPath}/${repaired}/log`)).body).toMatch(/secret: config\.mjs:1 /);
  await checkInvariants(stack, [repaired, kept]);
});

it("a kill while the gates run ends them, and nothing is pushed", async () => {
  const hang =
    'import test from "node:test";\ntest("hangs", async () => { await new Promise((r) => setTimeout(r, 600000)); });';
  model.script = [{ tools: [mend, write("hang.test.mjs", hang)] }, done];
  const taskId = await model.submit({ repository: remote.url });
  await untilStatus(stack, taskId, "verifying");
  await until("the gates run", async () => {
    const [attempt] = await stack.cloud.table.listAttempts(taskId);
    return attempt?.beat?.step === "running the gates";
  });
  await call(stack, "POST", `${tasksPath}/${taskId}/kill`, { reason: "enough" });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: "stopped" });
  expect(remote.git("branch", "--list", drover(taskId))).toBe("");
  await checkInvariants(stack, [taskId]);
});
