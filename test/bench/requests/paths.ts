// Which lives of tasks are counted beside those that are priced? With gates and a model, and with what goes wrong on the way.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cloudOfThisProcess } from "../../../functions/cloud.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import { handler as reap } from "../../../functions/reaper.ts";
import { plus } from "../../../scripts/cost/combine.ts";
import type { Counts } from "../../../scripts/cost/counter.ts";
import { commits, isQuiet, untilCleanedUp, walk, withLooks } from "../../../scripts/cost/paths.ts";
import { credential, type Stage, token } from "../../../scripts/cost/stage.ts";
import { createRemote } from "../../../scripts/demo/repository.ts";
import { type FaultProxy, hold } from "../../support/fault-proxy.ts";
import { startMessagesApi, type Turn } from "../../support/messages-api.ts";

/** Its only test fails until `a - b` is `a + b`. */
const failing = {
  "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }\n',
  "add.mjs": "export const add = (a, b) => a - b;\n",
  "add.test.mjs":
    'import test from "node:test";\nimport assert from "node:assert";\nimport { add } from "./add.mjs";\ntest("adds", () => assert.equal(add(1, 2), 3));\n',
};
const bash = (command: string): Turn => ({ tools: [{ name: "bash", input: { command } }] });
const mend = bash("sed -i 's/a - b/a + b/' add.mjs");
const forget = bash("echo done > NOTES.md");
const done: Turn = { text: "It is done." };
const outOfQuota: Turn = { error: { status: 429, type: "rate_limit_error", headers: { "retry-after": "3600" } } };
const throttled = { kind: "error", type: "ThrottlingException", message: "Rate exceeded" } as const;

/** A task for a model that says this, turn by turn. */
type SubmitModel = (turns: Turn[]) => Promise<TaskId>;

export async function openModel(stage: Stage): Promise<{ submit: SubmitModel; close(): Promise<void> }> {
  let script: Turn[] = [];
  const model = await startMessagesApi(({ messages }) => {
    const said = messages.filter(({ role }) => role === "assistant").length;
    return script[said] ?? done;
  });
  const dir = mkdtempSync(join(tmpdir(), "drover-requests-"));
  const { repository, close } = await createRemote(dir, token, failing);
  const key = { token: model.key, model: { baseUrl: model.url } };
  await stage.call("PUT", "/workspaces/default/credentials/anthropic", key);
  return {
    async submit(turns) {
      script = turns;
      const agent = { kind: "model" };
      const request = { repository, credential, prompt: "Mend the failing test", agent };
      return (await stage.call("POST", "/tasks", request)).taskId as TaskId;
    },
    async close() {
      await Promise.all([close(), model.close()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const modelTask = (stage: Stage, submit: SubmitModel, turns: Turn[]) =>
  walk(stage, async () => {
    await submit(turns);
    await untilCleanedUp(stage);
  });

export const passGates = (stage: Stage, submit: SubmitModel): Promise<Counts> => modelTask(stage, submit, [mend, done]);

/** Its script says so twice: what it leaves does not pass, and then it mends it. */
export const rejectOnce = (stage: Stage, submit: SubmitModel): Promise<Counts> =>
  modelTask(stage, submit, [forget, done, mend, done]);

export const fail = (stage: Stage): Promise<Counts> =>
  walk(stage, async () => {
    await stage.submit("false", { maxAttempts: 1 });
    await untilCleanedUp(stage);
  });

/** The kill commits before ECS is asked; what is started after it is stopped by whoever started it. */
export const killLaunching = (stage: Stage, ecs: FaultProxy): Promise<Counts> =>
  walk(stage, async () => {
    const held = hold();
    const rule = ecs.on({ operation: "RunTask", do: held });
    const taskId = await stage.submit("true");
    await held.reached;
    await stage.call("POST", `/tasks/${taskId}/kill`, { reason: "counted" });
    rule.remove();
    held.release();
    await untilCleanedUp(stage);
  });

export async function cancelQueued(stage: Stage): Promise<Counts> {
  await stage.call("POST", "/workspaces/default/pause", { reason: "counted" });
  const counts = await walk(stage, async () => {
    const taskId = await stage.submit("true");
    await stage.until("its wake-up was answered", (so) => commits(so, "created") === 1 && isQuiet(so));
    await stage.call("POST", `/tasks/${taskId}/cancel`, { reason: "counted" });
    await stage.until("it is cancelled", (so) => commits(so, "killed") === 1 && isQuiet(so));
  });
  await stage.call("POST", "/workspaces/default/resume", { reason: "counted" });
  return counts;
}

/** Somebody pays, and resumes the provider: the task goes on at once. */
export async function waitForQuota(stage: Stage, submit: SubmitModel): Promise<Counts> {
  const turns = [outOfQuota, mend, done];
  const first = await modelTask(stage, submit, turns);
  turns.shift();
  const second = await walk(stage, async () => {
    await stage.call("POST", "/workspaces/default/credentials/anthropic/resume", { reason: "counted" });
    await untilCleanedUp(stage);
  });
  return plus(first, second);
}

/** ECS has no room, and says so as often as the SDK asks; then it has. What a round of the reaper does anyway is not the task's. */
export async function putBack(stage: Stage, ecs: FaultProxy): Promise<Counts> {
  const full = ecs.on({ operation: "RunTask", do: throttled });
  let taskId = "";
  const first = await walk(stage, async () => {
    taskId = await stage.submit("echo changed > changed.txt");
    await stage.until("it is put back", (so) => commits(so, "put_back") === 1 && isQuiet(so));
  });
  full.remove();
  const { table } = await cloudOfThisProcess();
  const at = (await table.getTask(taskId as TaskId))?.due?.at;
  if (at === undefined) throw new Error(`${taskId} was put back, and waits for nothing`);
  const idleRound = await walk(stage, reap);
  await pause(Math.max(0, at + 1 - Date.now()));
  const second = await walk(stage, async () => {
    await reap();
    await untilCleanedUp(stage);
  });
  return withLooks(plus(plus(first, second), idleRound, -1), 0);
}
