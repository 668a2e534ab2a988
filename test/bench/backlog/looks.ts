// What is done to a backlog again and again, whose cost should not depend on how long it is?
import { lookSettings } from "../../../functions/api/feed-routes.ts";
import { shareLooks } from "../../../functions/api/share-looks.ts";
import type { AuditEvent } from "../../../functions/core/audit.ts";
import { agentIdOf } from "../../../functions/core/ids.ts";
import { confirmStop } from "../../../functions/flows/confirm-stop.ts";
import { type Dispatch, dispatchTask } from "../../../functions/flows/dispatch-task.ts";
import { killTask } from "../../../functions/flows/kill-task.ts";
import { reap } from "../../../functions/flows/reap.ts";
import { spreadNotice } from "../../../functions/flows/spread-notice.ts";
import { startAttempt } from "../../../functions/flows/start-attempt.ts";
import type { Backlog } from "./open-tables.ts";

/** As long as the first page of a list, where nobody says how long. */
export const pageSize = 25;
const runningAtOnce = 3;
/** As one viewer looks: nobody has looked just before. */
const lookAtFeed = shareLooks({ ...lookSettings, sharedMs: 0 });

export interface Look {
  name: string;
  /** In one turn. */
  times: number;
  /** Not measured: makes what a turn is to find, and answers how it is taken away again. */
  prepare?(backlog: Backlog): Promise<() => Promise<void>>;
  act(backlog: Backlog): Promise<unknown>;
  /** Not measured: whatever is needed for the next one. */
  tidy?(backlog: Backlog, done: unknown): Promise<void>;
}

const nowhere = "https://git.example/nobody/nothing";

const read = async (answer: Promise<Response>) => void (await (await answer).text());

export const looks: readonly Look[] = [
  {
    name: "one task",
    times: 40,
    act: (backlog) => read(backlog.ask("GET", `/tasks/${backlog.anyTask()}`)),
  },
  {
    name: `a page of ${pageSize} of the workspace, anywhere in the list`,
    times: 40,
    act: (backlog) => read(backlog.ask("GET", `/tasks?limit=${pageSize}&cursor=${backlog.anyTask()}`)),
  },
  {
    name: `a page of ${pageSize} of those that are queued`,
    times: 40,
    act: (backlog) => read(backlog.ask("GET", `/tasks?limit=${pageSize}&status=queued&cursor=${backlog.anyTask()}`)),
  },
  {
    name: `a page of ${pageSize} of those that run: ${runningAtOnce}, the oldest of all`,
    times: 40,
    prepare: runOldest,
    act: (backlog) => read(backlog.ask("GET", `/tasks?limit=${pageSize}&status=running`)),
  },
  {
    name: `a page of ${pageSize} of a repository that no task is of`,
    times: 5,
    act: (backlog) => read(backlog.ask("GET", `/tasks?limit=${pageSize}&repository=${encodeURIComponent(nowhere)}`)),
  },
  {
    name: "the counts by state",
    times: 20,
    act: (backlog) => read(backlog.ask("GET", "/stats")),
  },
  {
    name: "the dashboard's first picture (a snapshot of 1,000)",
    times: 4,
    act: readSnapshot,
  },
  {
    name: "a claim: the choice of the next task, its write, RunTask",
    times: 8,
    act: ({ cloud }) => dispatchTask(cloud, undefined),
    tidy: (backlog, done) => endClaimed(backlog, done as Dispatch),
  },
  {
    name: "each further look of the dashboard's feed",
    times: 40,
    act: async ({ cloud }) => {
      const { pages } = await lookAtFeed(cloud, "default", Date.now() - lookSettings.overlapMs);
      const events: AuditEvent[] = [];
      for await (const page of pages) events.push(...page);
      return events;
    },
  },
  {
    name: "a round of the reaper",
    times: 4,
    act: ({ cloud }) => reap(cloud),
  },
];

/** The first lines of the feed. */
export async function readSnapshot(backlog: Backlog): Promise<string> {
  const reader = (await backlog.ask("GET", "/agents/events")).body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("event: snapshot") || !text.endsWith("\n\n")) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) throw new Error("the feed has ended before its snapshot");
    text += value;
  }
  await reader?.cancel();
  return text;
}

/** Claimed in the order of the queue, and started as their supervisors would; once they are ended, as many wait as before. */
export async function runOldest(backlog: Backlog): Promise<() => Promise<void>> {
  const { cloud } = backlog;
  const claimed: Dispatch[] = [];
  for (let n = 0; n < runningAtOnce; n += 1) {
    const done = await dispatchTask(cloud, undefined);
    if (done.kind !== "dispatched") throw new Error(`nothing was claimed: ${done.reason}`);
    claimed.push(done);
    const agentId = agentIdOf(done.taskId, 1);
    await startAttempt(cloud, { agentId, token: cloud.tokenOf(agentId) });
  }
  return async () => {
    for (const done of claimed) await endClaimed(backlog, done);
  };
}

/** Its slot is free again, nothing is owed, and another one waits instead: a table never falls below its name. */
async function endClaimed({ cloud, replace }: Backlog, done: Dispatch): Promise<void> {
  if (done.kind !== "dispatched") throw new Error(`nothing was claimed: ${done.reason}`);
  await killTask(cloud, done.taskId, "bench", "it was claimed");
  await confirmStop(cloud, agentIdOf(done.taskId, 1), "stopped");
  await spreadNotice(cloud, done.taskId);
  await replace(done.taskId);
}
