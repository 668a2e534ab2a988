// How are all of them killed by one request, those that run or those that wait?
import { now } from "../bench.ts";
import { submitCommand } from "../stack/run-task.ts";
import type { Stack } from "../stack/start-stack.ts";
import type { Told } from "./insist.ts";
import { type Killed, since, until, type Victim, watch } from "./victims.ts";

const submittersAtOnce = 16;
const askAgainMs = 20;

/** Each since the request. */
interface Stopped {
  /** As the stop itself says, whose clock is read just before the write. */
  fencedMs: number;
  answeredMs: number;
  /** Until each task is killed. */
  finishedMs: number;
}

export interface KilledAll extends Stopped {
  victims: Killed[];
}

/** What waits or runs in the workspace: each of them, or it throws. It is released afterwards. */
export async function killAll(stack: Stack, victims: readonly Victim[], queued = 0): Promise<KilledAll> {
  const told: Told = { fenced: false, ended: false };
  const requestedAt = now();
  const [{ killed, ...stopped }, ...watched] = await Promise.all([
    stopWorkspace(stack, requestedAt, told),
    ...victims.map((victim) => watch(victim, victims.length, told)),
  ]);
  const wanted = victims.length + queued;
  if (killed !== wanted) throw new Error(`a kill-all of ${wanted} tasks has killed ${killed}`);
  await turn(stack, "release");
  return { ...stopped, victims: watched.map((one) => since(requestedAt, one)) };
}

interface Operation {
  operationId: string;
  killed: number;
  finished: boolean;
}

async function stopWorkspace(stack: Stack, requestedAt: number, told: Told): Promise<Stopped & { killed: number }> {
  const [fencedAt, { answer, answeredMs }] = await Promise.all([
    seeFence(stack, told),
    readJson<Operation>(turn(stack, "kill-all")).then((answer) => ({ answer, answeredMs: now() - requestedAt })),
  ]);
  const isOver = (operation: Operation) => operation.finished && operation;
  const look = async () => isOver(await readJson(stack.ask("GET", `/operations/${answer.operationId}`)));
  const { killed } = isOver(answer) || (await until(`${answer.operationId} is finished`, askAgainMs, look));
  told.ended = true;
  const finishedMs = answer.finished ? answeredMs : now() - requestedAt;
  return { killed, fencedMs: fencedAt - requestedAt, answeredMs, finishedMs };
}

/** Whoever can read it can rely on it: it comes long before the answer, which waits for kills. */
async function seeFence(stack: Stack, told: Told): Promise<number> {
  const stoppedAt = await until("the workspace is stopped", askAgainMs, async () => {
    const seen = await readJson<{ stopped: boolean; stoppedAt?: string }>(
      stack.ask("GET", "/workspaces/default/switch"),
    );
    return seen.stopped && seen.stoppedAt;
  });
  told.fenced = true;
  return Date.parse(stoppedAt);
}

export async function killQueued(stack: Stack, repository: string, count: number): Promise<KilledAll> {
  await turn(stack, "pause");
  let left = count;
  const submitSome = async () => {
    for (; left > 0; ) {
      left -= 1;
      await submitCommand(stack, repository, ["true"]);
    }
  };
  await Promise.all(Array.from({ length: submittersAtOnce }, submitSome));
  const killed = await killAll(stack, [], count);
  await turn(stack, "resume");
  return killed;
}

const turn = (stack: Stack, act: "kill-all" | "release" | "pause" | "resume") =>
  stack.ask("POST", `/workspaces/default/${act}`, { reason: "measured" });

const readJson = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
