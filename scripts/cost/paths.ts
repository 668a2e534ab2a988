// What does each golden path ask of AWS? Walked for real, one after the other, from the submission until nothing is owed.
import { setTimeout as pause } from "node:timers/promises";
import { cloudOfThisProcess } from "../../functions/cloud.ts";
import { type AgentId, agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { handler as reap } from "../../functions/reaper.ts";
import { plus } from "./combine.ts";
import { type Counts, countOf } from "./counter.ts";
import type { Stage } from "./stage.ts";

/** It prints more than a heartbeat carries. */
const change = "seq 1 2000; echo changed > changed.txt";
const endless = "sleep 600";
/** After its first attempt failed, before the second may begin. */
const retryDelayMs = 1_200;
const firstAttemptSeconds = 12;

/** What the reaper asks when it looks whether a backend can be reached: here by the clock, on AWS in each round. */
const look: Counts = new Map([
  ["ecs DescribeClusters", { requests: 1, writeUnits: 0, readUnits: 0, ms: 0 }],
  ["dynamodb PutItem backends", { requests: 1, writeUnits: 1, readUnits: 0, ms: 0 }],
]);

/** The same with just so many looks, whatever the clock said. */
export const withLooks = (counts: Counts, times: number): Counts =>
  plus(counts, look, times - countOf(counts, "ecs DescribeClusters"));

export const commits = (counts: Counts, event: string) => countOf(counts, `dynamodb TransactWriteItems ${event}`);

/** Every message has been answered, and of an end everybody has been told. */
export const isQuiet = (counts: Counts) =>
  countOf(counts, "sqs SendMessage") + countOf(counts, "sqs SendMessageBatch") ===
  countOf(counts, "sqs DeleteMessageBatch");

export const untilCleanedUp = (stage: Stage) =>
  stage.until("the task is cleaned up", (counts) => commits(counts, "cleanup") > 0 && isQuiet(counts));

/** It has spoken twice: it started, and gave its first sign of life. */
const untilWorking = (stage: Stage) =>
  stage.until("the task works", (counts) => countOf(counts, "lambda api POST beat") > 0 && isQuiet(counts));

async function kill(stage: Stage, taskId: string): Promise<void> {
  await stage.call("POST", `/tasks/${taskId}/kill`, { reason: "counted" });
}

export async function walk(stage: Stage, act: () => Promise<void>): Promise<Counts> {
  stage.take();
  await act();
  return stage.take();
}

/** A task that changes something, and whose branch is pushed. */
export const completeTask = (stage: Stage): Promise<Counts> =>
  walk(stage, async () => {
    await stage.submit(change);
    await untilCleanedUp(stage);
  });

const completeUnchanged = (stage: Stage): Promise<Counts> =>
  walk(stage, async () => {
    await stage.submit("true");
    await untilCleanedUp(stage);
  });

const killRunning = (stage: Stage): Promise<Counts> =>
  walk(stage, async () => {
    const taskId = await stage.submit(endless);
    await untilWorking(stage);
    await kill(stage, taskId);
    await untilCleanedUp(stage);
  });

async function killQueued(stage: Stage): Promise<Counts> {
  await stage.call("POST", "/workspaces/default/pause", { reason: "counted" });
  const counts = await walk(stage, async () => {
    const taskId = await stage.submit(endless);
    await stage.until("its wake-up was answered", (so) => commits(so, "created") === 1 && isQuiet(so));
    await kill(stage, taskId);
    await stage.until("it is killed", (so) => commits(so, "killed") === 1 && isQuiet(so));
  });
  await stage.call("POST", "/workspaces/default/resume", { reason: "counted" });
  return counts;
}

/** Its sandbox is lost while it works, and a second attempt does the work; with the round of the reaper that begins it. */
async function retryTask(stage: Stage): Promise<Counts> {
  const until = Math.ceil(Date.now() / 1000) + firstAttemptSeconds;
  const first = await walk(stage, async () => {
    await stage.submit(`while [ $(date +%s) -lt ${until} ]; do sleep 0.2; done; ${change}`);
    await untilWorking(stage);
  });
  const sandboxes = (await cloudOfThisProcess()).sandboxes("default");
  const [lost] = (await sandboxes.listRunning()).filter(({ stopped }) => !stopped);
  if (!lost) throw new Error("no sandbox runs that could be lost");
  const second = await walk(stage, async () => {
    await sandboxes.stop(lost.sandboxArn, "lost on purpose");
    await untilCleanedUp(stage);
  });
  await pause(retryDelayMs);
  const third = await walk(stage, async () => {
    await reap();
    await untilCleanedUp(stage);
  });
  return withLooks(plus(plus(first, second), third), 1);
}

/** One round of the reaper; on AWS there is one a minute. */
const reapOnce = async (stage: Stage): Promise<Counts> => {
  const counts = withLooks(await walk(stage, reap), 1);
  return plus(counts, new Map([["lambda reaper", { requests: 1, writeUnits: 0, readUnits: 0, ms: 0 }]]));
};

/** As an open dashboard does it, in which nothing happens. */
const followFleet = (stage: Stage): Promise<Counts> =>
  walk(stage, async () => {
    await stage.call("GET", "/agents/events");
  });

/** A heartbeat whose output is as long as that. */
async function beatOnce(stage: Stage, agentId: AgentId, output: string, spend?: object): Promise<Counts> {
  const token = (await cloudOfThisProcess()).tokenOf(agentId);
  const beat = { seq: 1_000, step: "working", stepStartedAt: Date.now(), output, outputLength: output.length };
  return walk(stage, async () => {
    await stage.call("POST", `/attempts/${agentId}/beat`, { ...beat, ...(spend ? { spend } : {}) }, token);
    await stage.until("the beat is counted", (counts) => countOf(counts, "lambda api POST beat") === 1);
  });
}

const typicalSpend = {
  ...{ inputTokens: 1_234_567, outputTokens: 34_567, cacheReadTokens: 1_034_567, cacheWriteTokens: 134_567 },
  ...{ unconfirmedTokens: 0, microDollars: 1_234_567, turns: 40, wallClockMs: 834_567 },
  ...{ reservedTokens: 34_567, reservedMicroDollars: 234_567 },
};

export interface GoldenPaths {
  completed: Counts;
  unchanged: Counts;
  killedRunning: Counts;
  killedQueued: Counts;
  retried: Counts;
  /** A heartbeat of a command, one of a model, and the same of a command that has nothing to say. */
  beat: Counts;
  modelBeat: Counts;
  silentBeat: Counts;
  idleRound: Counts;
  /** What each live task adds to a round of the reaper. */
  liveInRound: Counts;
  /** A stream of some seconds. */
  feed: Counts;
}

export async function walkAll(stage: Stage): Promise<GoldenPaths> {
  // Before anything has happened that it would tell.
  const feed = await followFleet(stage);
  // The first one also pays for what is learnt once: the workspace, the keys.
  await completeTask(stage);
  await reap();
  const completed = await completeTask(stage);
  const unchanged = await completeUnchanged(stage);
  const killedRunning = await killRunning(stage);
  const killedQueued = await killQueued(stage);
  const retried = await retryTask(stage);
  const idleRound = await reapOnce(stage);

  const one = await stage.submit(endless);
  await untilWorking(stage);
  const agentId = agentIdOf(one as TaskId, 1);
  const loud = "x".repeat((await cloudOfThisProcess()).settings.beatCharacters);
  const silentBeat = await beatOnce(stage, agentId, "");
  const beat = await beatOnce(stage, agentId, loud);
  const modelBeat = await beatOnce(stage, agentId, loud, typicalSpend);
  const oneLive = await reapOnce(stage);
  stage.take();
  const two = await stage.submit(endless);
  await untilWorking(stage);
  const liveInRound = plus(await reapOnce(stage), oneLive, -1);
  for (const taskId of [one, two]) {
    stage.take();
    await kill(stage, taskId);
    await untilCleanedUp(stage);
  }
  const tasks = { completed, unchanged, killedRunning, killedQueued, retried };
  return { ...tasks, beat, modelBeat, silentBeat, idleRound, liveInRound, feed };
}
