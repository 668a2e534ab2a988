// What do people do? They submit, ask again when nobody answers, change their minds, and kill.

import type { TaskId } from "../../../functions/core/ids.ts";
import type { TaskRequest } from "../../../functions/core/requests.ts";
import type { ApiKey } from "../../../functions/core/table.ts";
import { killTask } from "../../../functions/flows/kill-task.ts";
import { submitTask } from "../../../functions/flows/submit-task.ts";
import type { Activity } from "../engine/activity.ts";
import { rushAtMs, type Situation } from "../situations.ts";
import type { Stage } from "../stage.ts";
import { awaitFunction } from "./ambush.ts";
import { killByUrl } from "./break-glass.ts";
import { submitByApi } from "./by-api.ts";
import { request } from "./request.ts";
import { cancel, edit, retry } from "./second-thoughts.ts";
import { addSpeaker } from "./speakers.ts";

const workspaces = ["red", "blue"] as const;
/** In a crowd all but the last of them come at once, and for the same workspace. */
const lateComers = 2;
const crowdWithinMs = 2_000;
const askAgainMs = 3_000;
const killer = "key:user";
/** While nothing is admitted. */
const askLaterMs = 20_000;

export function addUsers(stage: Stage): void {
  const { tasks, situation } = stage.world.swarm;
  const join = joins[situation] ?? useTask;
  for (let n = 0; n < tasks; n += 1) {
    const user = stage.world.begin("user");
    stage.usersAtWork += 1;
    user.run(
      () => join(stage, user, n),
      () => {
        stage.usersAtWork -= 1;
      },
    );
  }
}

async function useTask(stage: Stage, user: Activity, n: number): Promise<void> {
  const { random } = user;
  const body = makeRequest(user, !stage.world.swarm.isCalm && random.next() < 0.1);
  await user.sleep(random.between(0, 60_000));
  const taskId = await submit(stage, user, body, `key ${n}`);
  if (random.next() < 0.2) {
    await user.sleep(random.between(0, 60_000));
    const again = await submit(stage, user, body, `key ${n}`);
    if (again !== taskId) stage.world.fail("idempotency", `the same key made ${taskId} and ${again}`);
  }
  const isCalm = stage.world.swarm.isCalm;
  if (body.agent.kind === "model" && random.next() < 0.6) addSpeaker(stage, taskId);
  if (random.next() < 0.15) await edit(stage, user, taskId);
  if (random.next() < 0.07) await cancel(stage, user, taskId);
  if (random.next() < 0.45) {
    const chance = random.next();
    if (chance < 0.2) await awaitFunction(stage, user, "dispatcher");
    else if (chance < 0.4) await awaitFunction(stage, user, "publisher");
    else await user.sleep(random.between(0, isCalm ? 60_000 : 120_000));
    await kill(stage, user, taskId);
    if (random.next() < 0.3) await kill(stage, user, taskId);
    if (!isCalm && random.next() < 0.2) await retry(stage, user, taskId, principalOf(user));
  }
}

async function joinCrowd(stage: Stage, user: Activity, n: number): Promise<void> {
  const isLate = n >= stage.world.swarm.tasks - lateComers;
  await user.sleep(isLate ? user.random.between(5_000, 60_000) : user.random.between(0, crowdWithinMs));
  await submit(stage, user, makeRequest(user, false), `key ${n}`, isLate ? "red" : "blue");
}

/** All but a few are there when they are stopped, and none of them has begun. */
async function joinHalted(stage: Stage, user: Activity, n: number): Promise<void> {
  const isLate = n >= stage.world.swarm.tasks - 2 * lateComers;
  await user.sleep(isLate ? user.random.between(5_000, 40_000) : user.random.between(1_000, 1_000 + crowdWithinMs));
  await submit(stage, user, makeRequest(user, false), `key ${n}`, isLate ? "blue" : "red");
}

/** All are due at one moment; most are not wanted any more soon after, so that only a few have to run. */
async function joinRush(stage: Stage, user: Activity, n: number): Promise<void> {
  const { random } = user;
  await user.sleep(random.between(0, rushAtMs / 2));
  const body = { ...makeRequest(user, false), delayMs: rushAtMs - stage.world.now };
  const isLate = n >= stage.world.swarm.tasks - lateComers;
  const taskId = await submit(stage, user, body, `key ${n}`, isLate ? "red" : "blue");
  if (isLate) return;
  await user.sleep(rushAtMs + stage.world.swarm.reapEveryMs - stage.world.now + random.between(0, crowdWithinMs));
  await kill(stage, user, taskId);
}

const joins: Partial<Record<Situation, typeof useTask>> = { crowd: joinCrowd, halted: joinHalted, rush: joinRush };

function makeRequest({ random }: Activity, isDelayed: boolean): TaskRequest {
  return {
    ...(isDelayed ? { delayMs: random.between(1_000, 60_000) } : {}),
    repository: "https://git.example/acme/shop",
    prompt: "Do what has to be done",
    agent:
      random.next() < 0.2
        ? { kind: "model", type: "worker", credential: "anthropic" }
        : { kind: "command", command: ["true"] },
    ...(random.next() < 0.2 ? { credential: "forge", pullRequest: {} } : {}),
    priority: random.between(1, 10),
    maxAttempts: random.next() < 0.2 ? 3 : random.between(1, 2),
    limits: { wallClockMs: 900_000 },
    backend: "default",
  };
}

function principalOf(user: Activity, chosen?: string): ApiKey {
  const workspace = chosen ?? workspaces[user.name.length % 2 === 0 ? 0 : Number(user.name.slice(-1)) % 2] ?? "red";
  return {
    keyId: "key_00000000000000000000000001",
    name: "user",
    principal: "user",
    secretHash: "",
    workspace,
    role: "member",
    createdAt: 0,
  };
}

async function submit(
  stage: Stage,
  user: Activity,
  body: TaskRequest,
  idempotencyKey: string,
  workspace?: string,
): Promise<TaskId> {
  const principal = principalOf(user, workspace);
  const submission = { principal, request: body, idempotencyKey };
  const askedAt = stage.world.trueTime;
  for (;;) {
    const answer = await (stage.world.swarm.usesApi
      ? submitByApi(stage, user, principal.workspace === "blue" ? "blue" : "red", body, idempotencyKey)
      : request(stage, user, "submit", (cloud) => submitTask(cloud, submission)));
    if (answer.kind === "answered") {
      const { taskId } = answer.value;
      stage.promised.submitted.add(taskId);
      if (!stage.wantedFrom.has(taskId)) stage.wantedFrom.set(taskId, askedAt + (body.delayMs ?? 0));
      if (!stage.table.rows.has(taskId)) stage.world.fail("task_lost", `${taskId} was promised and is not there`);
      if (user.random.next() < 0.1) await lookAt(stage, user, taskId);
      return taskId;
    }
    if (answer.kind === "refused" && !["admission_stopped", "backend_revoked", "busy"].includes(answer.code))
      stage.world.fail("submit_refused", `a good request was refused: ${answer.code}`);
    await user.sleep(answer.kind === "refused" ? askLaterMs : askAgainMs);
  }
}

/** Whoever was told of a task finds it. */
async function lookAt(stage: Stage, user: Activity, taskId: TaskId): Promise<void> {
  const seen = await request(stage, user, "get", (cloud) => cloud.table.getTask(taskId));
  if (seen.kind === "answered" && !seen.value) stage.world.fail("task_unseen", `${taskId} was made and is not shown`);
}

/** By the API, or by the URL of the kill function; whoever gets no answer tries the other way. */
async function kill(stage: Stage, user: Activity, taskId: TaskId): Promise<void> {
  const own = stage.table.getTask(taskId)?.workspace === "blue" ? "blue" : "red";
  if (own === "red" && user.random.next() < 0.05) await killOfAnother(stage, user, taskId);
  for (let isByUrl = user.random.next() < 0.08; ; isByUrl = !isByUrl) {
    const isFirst = !stage.askedToKill.has(taskId);
    stage.askedToKill.add(taskId);
    const answer = isByUrl
      ? await killByUrl(stage, user, taskId, own)
      : await request(stage, user, "kill", (cloud) => killTask(cloud, taskId, killer, "not wanted"));
    if (answer.kind === "answered") {
      stage.promised.killed.add(taskId);
      return;
    }
    if (answer.kind === "refused") {
      if (answer.code !== "task_ended") stage.world.fail("kill_refused", `a kill was refused: ${answer.code}`);
      stage.judge.checkEnded(taskId, isFirst ? killer : undefined);
      return;
    }
    await user.sleep(askAgainMs);
  }
}

/** Somebody else of the same workspace may not. */
async function killOfAnother(stage: Stage, user: Activity, taskId: TaskId): Promise<void> {
  const answer = await killByUrl(stage, user, taskId, "stranger");
  if (answer.kind === "answered") stage.world.fail("kill_by_stranger", `a stranger has killed ${taskId}`);
}
