// Does one round of the reaper come to its end, and to everybody, whatever is slow, silent or refused?
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSandboxes } from "../../functions/aws/sandboxes.ts";
import type { Cloud, Sandboxes } from "../../functions/core/cloud.ts";
import { DroverError } from "../../functions/core/errors.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import { type AgentId, agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { dispatchTask } from "../../functions/flows/dispatch-task.ts";
import { launchDeadlineMs, launchTakesMs } from "../../functions/flows/launch-attempt.ts";
import { reap } from "../../functions/flows/reap.ts";
import { resolveOutcome } from "../../functions/flows/resolve-outcome.ts";
import { apply, claim, createTask, kill, makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { Cluster } from "../support/ecs-cluster.ts";
import { until } from "../support/ecs-until.ts";
import { now } from "../support/make-task.ts";
import { idleSandboxes, openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const minute = 60_000;

function open(sandboxes: Partial<Sandboxes>, parts: Partial<Cloud> = {}) {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const own: Sandboxes = { ...idleSandboxes, ...sandboxes };
  const cloud = openMemoryCloud(memory, { clock, sandboxes: () => own, ...parts });
  let slots = 0;
  const start = async (over: Partial<Task> = {}) => {
    slots += 1;
    return apply(cloud.table, await createTask(cloud.table, over), claim({ pool: "global", index: slots }));
  };
  const many = async (count: number, over?: Partial<Task>) => {
    const tasks: Task[] = [];
    for (let n = 0; n < count; n += 1) tasks.push(await start(over));
    return tasks;
  };
  return { cloud, clock, memory, start, many };
}

describe("a launch whose backend does not say what it started", () => {
  function openSilent(answersProbe: boolean) {
    let asked = 0;
    const silent = async () => {
      asked += 1;
      throw new DroverError("backend_unavailable", "no answer");
    };
    const sandboxes = { launch: silent, findByAgent: silent, ...(answersProbe ? {} : { probe: silent }) };
    return { ...open(sandboxes), askedTimes: () => asked };
  }

  it.each([
    ["its probe is not answered either, in every round", false],
    ["its probe alone is answered", true],
  ])("goes back after its deadline and leaves its slots to others, and the backend is asked once a round: %s", async (_how, answersProbe) => {
    const { cloud, clock, memory, many, askedTimes } = openSilent(answersProbe);
    const tasks = await many(3);
    await reap(cloud);
    expect(memory.heldSlots("global")).toHaveLength(3);
    clock.pass(launchDeadlineMs + 1);
    const before = askedTimes();
    await reap(cloud);
    expect(askedTimes() - before).toBe(1);
    expect(memory.heldSlots("global")).toEqual([]);
    for (const { taskId } of tasks)
      expect(memory.getTask(taskId)).toMatchObject({ status: "queued", putBacks: 1, attemptsUsed: 0 });
  });

  it("goes back by the wake-up that comes again, too, but not before its deadline", async () => {
    const { cloud, clock, memory, start } = openSilent(true);
    const { taskId } = await start();
    clock.pass(launchTakesMs);
    await expect(dispatchTask(cloud, taskId)).rejects.toMatchObject({ code: "backend_unavailable" });
    expect(memory.getTask(taskId)).toMatchObject({ status: "launching" });
    clock.pass(launchDeadlineMs + 1);
    await dispatchTask(cloud, taskId);
    expect(memory.getTask(taskId)).toMatchObject({ status: "queued", putBacks: 1 });
  });
});

it("a round in which everything takes its time ends within that of its function, and comes to its last step", async () => {
  const taking = (ms: number) => clock.pass(ms);
  const told: unknown[] = [];
  const asked: string[] = [];
  const slow: Partial<Sandboxes> = {
    describe: async (sandboxArn) => {
      taking(9_000);
      return { sandboxArn, agentId: undefined, stopped: false };
    },
    stop: async () => taking(9_000),
  };
  const opened = open(slow, { metrics: { tell: (measure) => void told.push(measure) } });
  const { clock, memory, many } = opened;
  const { table, remotes } = opened.cloud;
  const cloud: Cloud = {
    ...opened.cloud,
    table: {
      ...table,
      makeReady: async (task) => {
        taking(200);
        return table.makeReady(task);
      },
      dueSchedules: async (at, limit) => {
        asked.push("schedules");
        return table.dueSchedules(at, limit);
      },
    },
    remotes: {
      ...remotes,
      readBranch: async () => {
        asked.push("a remote");
        taking(10_000);
        return { kind: "unknown", message: "no answer in 10 seconds" };
      },
    },
  };
  for (const kind of ["ready", "held"] as const) {
    const due = kind === "ready" ? { kind, at: now - 1 } : { kind, at: now - 1, pool: "repository:full" };
    for (let n = 0; n < 500; n += 1) memory.createTask(makeCreation({ due }));
  }
  for (let n = 0; n < 9; n += 1)
    memory.createTask(makeCreation({ status: "killed", branch: "drover/x", due: { kind: "outcome", at: now - 1 } }));
  for (const { taskId } of await many(40)) {
    memory.recordSandbox(agentIdOf(taskId, 1), `arn:sandbox/${taskId}`);
    await apply(table, memory.getTask(taskId) as Task, kill);
  }
  const startedAt = clock.now();
  await reap(cloud);
  expect(clock.now() - startedAt).toBeLessThan(2 * minute);
  expect(told).toHaveLength(1);
  expect(asked.slice(0, 2)).toEqual(["schedules", "a remote"]);
});

it("a round wakes whom it makes ready once, and again only if that was not sent; who was ready before is woken as well", async () => {
  const sent: TaskId[] = [];
  let refusals = 0;
  const send = async (taskId: TaskId) => {
    sent.push(taskId);
    if (taskId === refused.taskId && refusals++ === 0) throw new Error("the queue is not there");
  };
  const { cloud, memory } = open({}, { wakeUps: { send, probe: async () => undefined } });
  const due = { kind: "ready", at: now - 1 } as const;
  const [delayed, refused, ready] = [makeCreation({ due }), makeCreation({ due }), makeCreation()].map((creation) => {
    memory.createTask(creation);
    return creation.task;
  }) as [Task, Task, Task];
  await reap(cloud);
  expect(sent.toSorted()).toEqual([delayed, refused, refused, ready].map(({ taskId }) => taskId).toSorted());
});

describe("a queue that takes its time", () => {
  const make = (memory: MemoryTable, count: number, due: Task["due"]) => {
    for (let n = 0; n < count; n += 1) memory.createTask(makeCreation({ due }));
  };

  it("and then says nothing is asked once a round, and keeps the round from none of its steps", async () => {
    const sent = { wakeUps: 0, notices: 0 };
    const silent = (queue: keyof typeof sent) => async () => {
      sent[queue] += 1;
      clock.pass(12_000);
      throw new Error("no answer in 3 seconds, three times");
    };
    const { clock, memory, many, ...opened } = open(
      {},
      {
        wakeUps: { send: silent("wakeUps"), probe: async () => undefined },
        noticeQueue: { send: silent("notices") },
      },
    );
    const asked: string[] = [];
    const { table } = opened.cloud;
    const dueTasks: Table["dueTasks"] = async (kind, ...rest) => {
      asked.push(kind);
      return table.dueTasks(kind, ...rest);
    };
    const cloud: Cloud = { ...opened.cloud, table: { ...table, dueTasks } };
    // Launches that come to nothing, tasks whose time has come, those ready before, and ends that wait to be told.
    await many(5);
    make(memory, 30, { kind: "ready", at: now - 1 });
    make(memory, 30, { kind: "held", at: now - 1, pool: "repository:full" });
    make(memory, 30, { kind: "held", at: now + minute * 60, pool: "backend:default" });
    make(memory, 30, undefined);
    const ended = await many(3);
    for (const { taskId } of ended) await apply(cloud.table, memory.getTask(taskId) as Task, kill);
    clock.pass(launchDeadlineMs + 1);
    const startedAt = clock.now();
    await reap(cloud);
    expect(sent).toEqual({ wakeUps: 1, notices: 1 });
    expect(clock.now() - startedAt).toBeLessThan(minute);
    expect(asked.at(-1)).toBe("branch");
    await reap(cloud);
    expect(sent.wakeUps).toBe(2);
  });

  it("and then takes the messages is not told of more ends than the step has time for, and keeps the round from none of its steps", async () => {
    let requests = 0;
    const send = async (messages: readonly unknown[]) => {
      requests += Math.ceil(messages.length / 10);
      clock.pass(1_500 * Math.ceil(messages.length / 10));
    };
    const { cloud, clock, memory } = open({}, { noticeQueue: { send } });
    make(memory, 700, undefined);
    for (const { task } of [...memory.rows.values()]) await apply(cloud.table, task, kill);
    clock.pass(minute);
    const startedAt = clock.now();
    await reap(cloud);
    expect(clock.now() - startedAt).toBeLessThan(minute / 2);
    expect(requests).toBeGreaterThan(9);
    expect(memory.notices.listOwed(1_000)).toHaveLength(700);
  });

  it("and then takes the message is not told of more tasks than the step has time for", async () => {
    let sent = 0;
    const send = async () => {
      sent += 1;
      clock.pass(2_900);
    };
    const { cloud, clock, memory } = open({}, { wakeUps: { send, probe: async () => undefined } });
    make(memory, 20, { kind: "ready", at: now - 1 });
    const startedAt = clock.now();
    await reap(cloud);
    // Seven in each of the two steps that tell them.
    expect(sent).toBe(14);
    expect(clock.now() - startedAt).toBeLessThan(minute);
  });
});

it("what became of a push is asked again later while ECS will not say of a sandbox that may push, and keeps no other waiting", async () => {
  const describe = async (sandboxArn: string) => {
    if (sandboxArn === "arn:sandbox/refused") throw new Error(`Backend default refuses DescribeTasks of ${sandboxArn}`);
    return undefined;
  };
  const read: string[] = [];
  const remotes: Cloud["remotes"] = {
    inspect: async () => ({ kind: "not_found", message: "" }),
    deleteBranch: async () => "gone",
    readBranch: async (_url, _auth, branch) => {
      read.push(branch);
      return { kind: "unknown", message: "no answer" };
    },
  };
  const { cloud, memory, start } = open({ describe }, { remotes });
  const tasks: Task[] = [];
  for (const name of ["refused", "other"]) {
    const task = await start({ branch: `drover/${name}` });
    tasks.push(task);
    memory.recordSandbox(agentIdOf(task.taskId, 1), `arn:sandbox/${name}`);
    // The attempt before is the one that nobody can see.
    const owing = { status: "killed", due: { kind: "outcome", at: now - 1 }, attempt: 2 } as const;
    Object.assign(memory.getTask(task.taskId) as Task, owing);
  }
  await reap(cloud);
  expect(read).toEqual(["drover/other"]);
  for (const { taskId } of tasks) expect(memory.getTask(taskId)?.due?.at).toBeGreaterThan(now);
});

describe("nothing counts as not pushed while an earlier attempt may push on its permit", () => {
  const [commit, branch] = ["c".repeat(40), "drover/x"];

  /** The second attempt has completed without changes; the sandbox of the first runs on, and will not be stopped. */
  async function openPermitted(isRecorded: boolean) {
    const answers = { isStopped: false, isPushed: false };
    const remotes: Cloud["remotes"] = {
      inspect: async () => ({ kind: "not_found", message: "" }),
      deleteBranch: async () => "gone",
      readBranch: async () => (answers.isPushed ? { kind: "at", commit } : { kind: "absent" }),
    };
    const sandboxes: Partial<Sandboxes> = {
      describe: async (sandboxArn) =>
        sandboxArn === "arn:sandbox/2" || answers.isStopped
          ? { sandboxArn, agentId: undefined, stopped: true }
          : undefined,
      findByAgent: async (agentId) => [{ sandboxArn: "arn:sandbox/1", agentId, stopped: answers.isStopped }],
      stop: () => Promise.reject(new Error("Backend default refuses StopTask of arn:sandbox/1")),
    };
    const opened = open(sandboxes, { remotes });
    const { cloud, memory, start } = opened;
    const started: TaskEvent = { type: "started", leaseMs: minute, limitMs: 60 * minute };
    const lost: TaskEvent = { type: "attempt_failed", failure: { class: "infrastructure", message: "it was silent" } };
    const work: TaskEvent = { type: "work_done", commit, files: 1, additions: 1, deletions: 0 };
    let task = await start();
    for (const event of [
      started,
      work,
      { type: "permit_granted", permitId: "prm_1", branch },
      lost,
      claim({ pool: "global", index: 9 }),
      started,
      work,
      { type: "completed", result: { kind: "no_changes" } },
    ] as TaskEvent[]) {
      task = await apply(cloud.table, task, event);
      const { taskId, attempt, status } = task;
      const isTold = status === "running" && (isRecorded || attempt === 2);
      if (isTold) await cloud.table.recordSandbox(agentIdOf(taskId, attempt), `arn:sandbox/${attempt}`);
    }
    expect(task).toMatchObject({ owedCleanups: [{ attempt: 1 }, { attempt: 2 }], due: { kind: "outcome" } });
    return { ...opened, answers, look: () => memory.getTask(task.taskId) as Task };
  }

  it.each([
    ["was never recorded", false],
    ["is missing from what ECS lists", true],
  ])("whose sandbox %s", async (_how, isRecorded) => {
    const { cloud, clock, answers, look } = await openPermitted(isRecorded);
    for (let n = 0; n < 10; n += 1) {
      clock.pass(minute);
      await reap(cloud);
    }
    expect(look()).toMatchObject({ publishOutcome: "unresolved", due: { kind: "outcome" } });
    answers.isPushed = true;
    answers.isStopped = true;
    await until("its cleanup asks again", async () => {
      clock.pass(minute);
      await reap(cloud);
      return look().publishOutcome === "pushed";
    });
  });

  it("whose sandbox has stopped just now: its push may be under way at the remote yet", async () => {
    const { cloud, clock, answers, look } = await openPermitted(true);
    clock.pass(10 * minute);
    answers.isStopped = true;
    await resolveOutcome(cloud, look());
    expect(look().publishOutcome).toBe("unresolved");
    clock.pass(minute);
    await reap(cloud);
    expect(look()).toMatchObject({ owedCleanups: undefined, publishOutcome: "unresolved" });
    answers.isPushed = true;
    await until("the remote is asked once more", async () => {
      clock.pass(minute);
      await reap(cloud);
      return look().publishOutcome === "pushed";
    });
  });
});

describe("a sandbox of a cluster that its backend has left", () => {
  const cluster = new Cluster();
  beforeAll(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
    await cluster.start();
  });
  afterAll(() => cluster.end());

  const elsewhere = `arn:aws:ecs:us-east-1:000000000000:task/elsewhere/${"f".repeat(32)}`;

  function openReal() {
    const place = { cluster: "drover", subnets: ["subnet-local"], securityGroups: [], assignPublicIp: false };
    const target = { ...place, taskDefinition: "pair", region: "eu-central-1", endpoint: cluster.url };
    const kept = async () => ({ backends: [], health: [] });
    const sandboxes = openSandboxes({ declared: { default: target }, open: "none" }, kept, 1_000)("default");
    const opened = open(sandboxes);
    const launch = async (taskId: TaskId) => {
      const agentId = agentIdOf(taskId, 1);
      const launched = await sandboxes.launch(agentId, "token");
      if (launched.kind !== "launched") throw new Error(launched.why);
      opened.memory.recordSandbox(agentId, launched.sandboxArn);
      return launched.sandboxArn;
    };
    return { ...opened, sandboxes, launch };
  }

  it("is never called stopped, and keeps the reaper from nothing else on that backend", async () => {
    const { cloud, clock, memory, start, sandboxes, launch } = openReal();
    // Each the first of its kind.
    const [movedAlive, movedEnded] = [await start(), await start()];
    for (const { taskId } of [movedAlive, movedEnded]) memory.recordSandbox(agentIdOf(taskId, 1), elsewhere);
    const [lost, ended] = [await start(), await start()];
    const lostArn = await launch(lost.taskId);
    await launch(ended.taskId);
    await sandboxes.stop(lostArn, "its host is gone");
    await until("it has stopped", async () => (await sandboxes.describe(lostArn))?.stopped);
    for (const { taskId } of [movedEnded, ended]) await apply(cloud.table, memory.getTask(taskId) as Task, kill);
    const stray: AgentId = agentIdOf(ended.taskId, 2);
    await cluster.run({ taskDefinition: "pair", startedBy: stray });

    await until("all that can be found is done", async () => {
      await reap(cloud);
      clock.pass(20_000);
      const strays = await sandboxes.findByAgent(stray);
      return strays.every(({ stopped }) => stopped) && memory.getTask(ended.taskId)?.stopConfirmation === "stopped";
    });
    expect(memory.getAttempt(agentIdOf(lost.taskId, 1))?.endedAt).toBeDefined();
    for (let n = 0; n < 3; n += 1) {
      clock.pass(60 * minute);
      await reap(cloud);
    }
    const left = memory.getTask(movedEnded.taskId);
    expect(left).toMatchObject({ status: "killed", owedCleanups: [{ attempt: 1 }] });
    expect(left?.stopConfirmation).toBeUndefined();
  });
});
