// A write takes effect, and whoever made it is told at most that the table is busy: does it know its own?
import { expect, it } from "vitest";
import { agentIdOf } from "../../functions/core/ids.ts";
import { taskRequest } from "../../functions/core/requests.ts";
import type { Table } from "../../functions/core/table.ts";
import type { TaskSpec } from "../../functions/core/task.ts";
import { editTask } from "../../functions/flows/edit-task.ts";
import { killTask } from "../../functions/flows/kill-task.ts";
import { sendMessage } from "../../functions/flows/send-message.ts";
import { stopScope } from "../../functions/flows/stop-scope.ts";
import { submitTask } from "../../functions/flows/submit-task.ts";
import { apply, claim, kill, makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";
import { idleSandboxes, openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const by = "key_1";

const model: TaskSpec["agent"] = { kind: "model", type: "worker", model: "claude-sonnet-5", credential: "anthropic" };
const command: TaskSpec["agent"] = { kind: "command", command: ["true"] };

/** One queued task. The first commit of each kind takes effect, and answers that the table was busy. */
function open(over: (table: Table) => Partial<Table> = () => ({}), agent = model) {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const table = makeAsync<Table>(memory, methodsOf(MemoryTable));
  const unsaid = new Set<string>();
  const stopped: string[] = [];
  const busyOnce = async (name: string, outcome: Promise<{ kind: "committed" | string }>) => {
    const answer = await outcome;
    if (answer.kind !== "committed" || unsaid.has(name)) return answer;
    unsaid.add(name);
    return { kind: "contended" };
  };
  const raced: Table = {
    ...table,
    commit: (change) => busyOnce("commit", table.commit(change)) as ReturnType<Table["commit"]>,
    commitAct: (act, writes) => busyOnce("commitAct", table.commitAct(act, writes)) as ReturnType<Table["commitAct"]>,
    ...over(table),
  };
  const sandboxes = () => ({ ...idleSandboxes, stop: async (arn: string) => void stopped.push(arn) });
  const cloud = openMemoryCloud(memory, { table: raced, clock, sandboxes });
  const { task, spec, event } = makeCreation();
  memory.createTask({ task, event, spec: { ...spec, agent } });
  const { taskId } = task;
  const launch = async () => {
    await apply(table, task, claim());
    await table.recordSandbox(agentIdOf(taskId, 1), "arn:sandbox/1");
  };
  return { cloud, clock, memory, table, taskId, launch, stopped };
}

it("a kill stops the sandbox, and answers that the task is killed, not that it has ended by itself", async () => {
  const { cloud, memory, taskId, launch, stopped } = open();
  await launch();
  expect(await killTask(cloud, taskId, by, "enough")).toMatchObject({ stop: "requested", task: { status: "killed" } });
  expect(stopped).toEqual(["arn:sandbox/1"]);
  expect(memory.getTask(taskId)?.version).toBe(3);
});

/** The table cannot be read after its first write, until `readableAt`. */
function openBlind(readableAt: number) {
  let isWritten = false;
  const opened = open((table) => ({
    async commit(change) {
      isWritten = (await table.commit(change)).kind === "committed";
      return { kind: "contended" };
    },
    async getTask(taskId) {
      if (isWritten && opened.clock.now() < readableAt) throw new Error("the table cannot be read");
      return table.getTask(taskId);
    },
  }));
  return opened;
}

it("a kill that may be written is looked for while the table fails to tell, and stops the sandbox then", async () => {
  const { cloud, taskId, launch, stopped } = openBlind(now + 5_000);
  await launch();
  expect(await killTask(cloud, taskId, by, "enough")).toMatchObject({ stop: "requested" });
  expect(stopped).toEqual(["arn:sandbox/1"]);
});

it("a kill that the table tells nothing of for ten seconds says why, while its function has time to", async () => {
  const { cloud, clock, taskId, launch } = openBlind(now + 60_000);
  await launch();
  await expect(killTask(cloud, taskId, by, "enough")).rejects.toThrow("the table cannot be read");
  expect(clock.now() - now).toBeLessThan(12_000);
});

it.each([
  ["alone", "kill", 10_000],
  ["by a stop, which comes to it again", "kill_all", 2_000],
] as const)("a kill that the table never takes ends while its function has time to say so: %s", async (_, cause, triesForMs) => {
  const { cloud, clock, taskId, launch } = open(() => ({ commit: async () => ({ kind: "contended" }) }));
  await launch();
  await expect(killTask(cloud, taskId, by, "enough", cause)).rejects.toMatchObject({ code: "busy" });
  expect(clock.now() - now).toBeGreaterThanOrEqual(triesForMs);
  expect(clock.now() - now).toBeLessThan(triesForMs + 4_000);
});

it("a kill ends within its function's time although each of its writes is waited for in vain", async () => {
  const { cloud, clock, taskId, launch } = open(() => ({
    async commit() {
      await clock.sleep(15_000);
      return { kind: "contended" };
    },
  }));
  await launch();
  const kill = killTask(cloud, taskId, by, "enough");
  await expect(kill).rejects.toThrow(/busy with tsk_\w+; it does not say whether the last try was written. Send/);
  expect(clock.now() - now).toBeLessThan(20_000);
});

it("a kill is answered within its function's time although the table says nothing any more once it is written", async () => {
  let isWritten = false;
  const unlessWritten = <A extends unknown[], T>(ask: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      if (!isWritten) return ask(...args);
      await clock.sleep(15_000);
      throw Object.assign(new Error("no answer"), { name: "TimeoutError" });
    };
  };
  const { cloud, clock, memory, taskId, launch } = open((table) => ({
    async commit(change) {
      const outcome = await table.commit(change);
      isWritten = outcome.kind === "committed";
      return outcome;
    },
    getAttempt: unlessWritten(table.getAttempt),
    heldAfter: unlessWritten(table.heldAfter),
    readyAfter: unlessWritten(table.readyAfter),
  }));
  cloud.notices.listWebhooks = unlessWritten(cloud.notices.listWebhooks);
  await launch();
  expect(await killTask(cloud, taskId, by, "enough")).toMatchObject({ stop: "pending", task: { status: "killed" } });
  expect(clock.now() - now).toBeLessThan(20_000);
  // The reaper tells of the end, and has the sandbox stopped.
  expect(memory.notices.listOwed(9)).toMatchObject([{ taskId }]);
  expect(memory.getAttempt(agentIdOf(taskId, 1))?.cleanupAt).toBeGreaterThan(0);
});

it.each<[string, number, Partial<Record<"commitAct" | "countTasks" | "heldSlots", true>>]>([
  ["its fence", 20_000, { commitAct: true }],
  ["what comes behind its fence", 20_000, { countTasks: true, heldSlots: true }],
])("a stop answers within its function's time although the table says nothing to %s", async (_what, withinMs, silent) => {
  const { cloud, clock } = open((table) => ({
    async commitAct(act, writes) {
      if (!silent.commitAct) return table.commitAct(act, writes);
      await clock.sleep(15_000);
      return { kind: "contended" };
    },
    async countTasks(workspace) {
      if (silent.countTasks) await clock.sleep(15_000);
      return table.countTasks(workspace);
    },
    async heldSlots(pool) {
      if (silent.heldSlots) await clock.sleep(15_000);
      return table.heldSlots(pool);
    },
  }));
  const stop = stopScope(cloud, { kind: "global" }, by, "a leaked key", now + 10_000);
  if (silent.commitAct) await expect(stop).rejects.toThrow("it does not say whether the last try was written");
  else expect((await stop).finishedAt).toBeUndefined();
  expect(clock.now() - now).toBeLessThan(withinMs);
});

it("a stop that the table never takes ends while its function has time to say that nobody knows whether it was written", async () => {
  const { cloud, clock } = open(() => ({ commitAct: async () => ({ kind: "contended" }) }));
  const stop = stopScope(cloud, { kind: "global" }, by, "enough", now + 10_000);
  await expect(stop).rejects.toThrow(/busy; it does not say whether the last try was written. Send the request again/);
  expect(clock.now() - now).toBeLessThan(25_000);
});

it("a message is written once", async () => {
  const { cloud, memory, taskId } = open();
  expect(await sendMessage(cloud, taskId, by, "mind the tests")).toMatchObject({ number: 1, text: "mind the tests" });
  expect(memory.listMessages(taskId, 0)).toHaveLength(1);
});

it("a message is the sender's own also when somebody has changed the task since", async () => {
  const { cloud, memory, taskId } = open((table) => ({
    async commit(change) {
      await table.commit(change);
      await apply(table, change.after, kill);
      return { kind: "contended" };
    },
  }));
  expect(await sendMessage(cloud, taskId, by, "mind the tests")).toMatchObject({ number: 1 });
  expect(memory.getTask(taskId)).toMatchObject({ status: "killed", version: 3 });
});

it("an edit of the version that was seen is not refused for its own sake", async () => {
  const { cloud, taskId } = open(undefined, command);
  expect(await editTask(cloud, taskId, by, { version: 1, priority: 9 })).toMatchObject({ version: 2, priority: 9 });
});

const request = { repository: "https://git.example/acme/shop", prompt: "Do it", agent: command };
const principal = { keyId: by, principal: "me", workspace: "default" } as const;

it("a submission is not said to have come to nothing", async () => {
  const { cloud, memory } = open((table) => ({
    async createTask(creation) {
      await table.createTask(creation);
      return { kind: "contended" };
    },
  }));
  const { taskId } = await submitTask(cloud, { principal, request: taskRequest.parse(request) });
  expect(memory.getTask(taskId)).toMatchObject({ version: 1, status: "queued" });
});

it.each([
  ["alone, which would make a second one", undefined, /Look for it in the list before you send/],
  ["with a key, which makes no second one", "one", /Send the request again: that makes no second one/],
])("a submission that a silent table may have taken says so while its function has time to: %s", async (_how, idempotencyKey, next) => {
  const { cloud, clock } = open((table) => ({
    async createTask(creation) {
      await clock.sleep(15_000);
      return clock.now() < now + 60_000 ? { kind: "contended" } : table.createTask(creation);
    },
  }));
  const submission = submitTask(cloud, { principal, request: taskRequest.parse(request), idempotencyKey });
  const error: Error = await submission.then(
    () => new Error("made"),
    (reason) => reason,
  );
  expect(error).toMatchObject({
    code: "busy",
    message: expect.stringContaining("does not say whether the task was made"),
  });
  expect(error.message).toMatch(next);
  expect(clock.now() - now).toBeLessThan(20_000);
});

it("a stop is one act and one generation", async () => {
  const { cloud, memory } = open();
  const stop = await stopScope(cloud, { kind: "global" }, by, "a leaked key", now + 10_000);
  expect(stop).toMatchObject({ generation: 1, killed: 1 });
  expect(memory.chains.get("global")?.map(({ type }) => type)).toEqual(["switch_stop"]);
});

it("a stop whose first try arrives after it was looked for goes on under the generation that stands, not one that it made of its own", async () => {
  const { cloud, memory } = open((table) => {
    let arrive: (() => Promise<unknown>) | undefined;
    let isFirst = true;
    return {
      async commitAct(act, writes) {
        if (!isFirst) return table.commitAct(act, writes);
        isFirst = false;
        arrive = () => table.commitAct(act, writes);
        return { kind: "contended" };
      },
      async getSwitches(task) {
        await arrive?.();
        return table.getSwitches(task);
      },
    };
  });
  const stop = await stopScope(cloud, { kind: "global" }, by, "a leaked key", now + 10_000);
  expect(memory.getSwitches({ workspace: "", backend: "" }).global.generation).toBe(1);
  expect(stop.generation).toBe(1);
  expect(memory.getOperation(stop.operationId)).toMatchObject({ generation: 1, killed: 1 });
});
