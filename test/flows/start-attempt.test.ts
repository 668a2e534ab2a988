// A supervisor says its first word, and what it needs cannot be had: what does that cost its task?
import { expect, it } from "vitest";
import type { Credential } from "../../functions/core/cloud.ts";
import { agentIdOf } from "../../functions/core/ids.ts";
import { describeEnd, unansweredExitCode } from "../../functions/core/sandbox-end.ts";
import type { TaskSpec } from "../../functions/core/task.ts";
import { confirmStop } from "../../functions/flows/confirm-stop.ts";
import { startAttempt } from "../../functions/flows/start-attempt.ts";
import { apply, claim, makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const model: TaskSpec["agent"] = { kind: "model", type: "worker", model: "claude-sonnet-5", credential: "anthropic" };
const token = "t";

/** A sandbox that was launched for a task with a credential for its repository, and one for its model. */
async function open() {
  const memory = new MemoryTable(() => now);
  const given = new Map<string, Credential | "silence">([
    ["git", { username: "x", token, repositories: ["https://git.example/*"] }],
    ["anthropic", { username: "x", token, model: { provider: "anthropic" } }],
  ]);
  const asked: string[] = [];
  const nobody = () => Promise.reject(new Error("nobody asks for that here"));
  const credentials = {
    ...{ put: nobody, remove: nobody, list: nobody },
    async get(_: string, name: string) {
      asked.push(name);
      const found = given.get(name);
      if (found === "silence") throw Object.assign(new Error("no answer"), { name: "TimeoutError" });
      return found;
    },
  };
  const cloud = openMemoryCloud(memory, { clock: startClock(now), credentials });
  const { task, spec, event } = makeCreation({ workspace: "w" });
  memory.createTask({ task, event, spec: { ...spec, agent: model, credential: "git" } });
  const { taskId } = task;
  await apply(cloud.table, task, claim());
  const agentId = agentIdOf(taskId, 1);
  const start = () => startAttempt(cloud, { agentId, token: cloud.tokenOf(agentId) });
  const look = () => {
    const found = memory.getTask(taskId);
    if (!found) throw new Error("no task");
    return found;
  };
  return { cloud, given, asked, agentId, start, look };
}

it.each([
  "git",
  "anthropic",
])("while %s cannot be read an attempt has not begun, and goes back unused with its sandbox", async (name) => {
  const { cloud, given, agentId, start, look } = await open();
  given.set(name, "silence");
  for (let n = 0; n < 3; n += 1) await expect(start()).rejects.toThrow("no answer");
  expect(look()).toMatchObject({ status: "launching", attemptsUsed: 1 });
  const containers = [{ name: "supervisor", exitCode: unansweredExitCode }];
  await confirmStop(cloud, agentId, describeEnd({ stopCode: "EssentialContainerExited", containers }));
  expect(look()).toMatchObject({ status: "queued", attemptsUsed: 0, due: { kind: "ready" } });
});

it("an attempt whose first word was taken, and that never heard so, goes back unused and no younger with its sandbox as well", async () => {
  const { cloud, agentId, start, look } = await open();
  await start();
  const { allowedAt } = look();
  expect(look()).toMatchObject({ status: "running", attemptsUsed: 1 });
  const containers = [{ name: "supervisor", exitCode: unansweredExitCode }];
  await confirmStop(cloud, agentId, describeEnd({ stopCode: "EssentialContainerExited", containers }));
  expect(look()).toMatchObject({ status: "queued", attemptsUsed: 0, due: { kind: "ready" } });
  // Or it would come back for ever, and never be too old for the queue.
  expect(look().allowedAt).toBe(allowedAt);
});

const elsewhere: Credential = { username: "x", token, repositories: ["https://other.example/a"] };

it.each<[string, string, Credential | undefined, string]>([
  ["a credential that was removed", "git", undefined, "Workspace w has no credential git."],
  ["a credential that may not be sent there any more", "git", elsewhere, "may not be sent to git.example"],
  [
    "a key of its model that was removed",
    "anthropic",
    undefined,
    "Workspace w has no credential anthropic for its model.",
  ],
])("%s fails the task at once, with what to do", async (_what, name, credential, why) => {
  const { given, start, look } = await open();
  if (credential) given.set(name, credential);
  else given.delete(name);
  await expect(start()).rejects.toMatchObject({ code: "task_ended", message: expect.stringContaining(why) });
  expect(look()).toMatchObject({
    status: "failed",
    failure: { class: "poison", message: expect.stringMatching(/PUT \/api|set the credential again/) },
  });
  expect(look().failure?.message).toContain(why);
  await expect(start()).rejects.toMatchObject({ code: "task_ended" });
});

it("a first word that is repeated is answered the same, and changes nothing", async () => {
  const { start, look } = await open();
  const first = await start();
  const { version } = look();
  expect(await start()).toEqual(first);
  expect(first).toMatchObject({ repository: { auth: { password: token } }, agent: { access: { apiKey: token } } });
  expect(look()).toMatchObject({ status: "running", version });
});

it("a first word that comes late is refused unread, whatever became of the credential", async () => {
  const { cloud, given, asked, start, look } = await open();
  await start();
  const work = { commit: "1".repeat(40), files: 1, additions: 1, deletions: 0 };
  await apply(cloud.table, look(), { type: "work_done", ...work });
  given.delete("git");
  const before = asked.length;
  await expect(start()).rejects.toMatchObject({ code: "illegal_transition" });
  expect([look().status, asked.length]).toEqual(["verifying", before]);
});
