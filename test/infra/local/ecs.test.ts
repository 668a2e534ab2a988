// Does the local cluster behave as ECS does, also across a restart?
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import {
  DescribeClustersCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
} from "@aws-sdk/client-ecs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeEnd, isFolderLeft } from "../../../functions/core/sandbox-end.ts";
import { arnOf, Cluster, networkConfiguration } from "../../support/ecs-cluster.ts";
import { createProcessRuntime, isGroupAlive } from "../../support/ecs-process-runtime.ts";
import { definitions, idOf, obedient, pidOf, readRecord, stubborn, untilUp } from "../../support/ecs-tasks.ts";
import { until } from "../../support/ecs-until.ts";

let cluster: Cluster;

beforeEach(() => {
  cluster = new Cluster();
  vi.spyOn(console, "error").mockReturnValue();
});

afterEach(async () => {
  await cluster.end();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A promise to hold something with, and the way to let it go. */
const hold = () => Promise.withResolvers<void>();
const never = () => new Promise<void>(() => undefined);
const sh = (script: string) => ["/bin/sh", "-c", script];
const statuses = (task: string) => cluster.eventsOf(task).map(({ detail }) => detail.lastStatus);
const settled = (task: string) =>
  until("every event is acknowledged", () => readRecord(cluster.stateDir, task).undelivered.length === 0);

describe("the life of a task", () => {
  it("goes through every status once, in order, and ends with the exit code of its container", async () => {
    await cluster.start();
    const answer = await cluster.run({
      startedBy: "attempt/1",
      overrides: { containerOverrides: [{ name: "main", command: sh("exit 7") }] },
    });
    expect(answer.tasks?.[0]).toMatchObject({ lastStatus: "PROVISIONING", desiredStatus: "RUNNING", version: 1 });
    const arn = arnOf(answer.tasks);
    const task = await cluster.reach(arn, "STOPPED");

    expect(task).toMatchObject({
      clusterArn: "arn:aws:ecs:us-east-1:000000000000:cluster/drover",
      taskDefinitionArn: "arn:aws:ecs:us-east-1:000000000000:task-definition/solo:1",
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
      group: "family:solo",
      startedBy: "attempt/1",
      cpu: "256",
    });
    expect(task.containers?.[0]).toMatchObject({ name: "main", lastStatus: "STOPPED", exitCode: 7 });
    for (const at of [task.createdAt, task.startedAt, task.stoppingAt, task.executionStoppedAt, task.stoppedAt]) {
      expect(Math.abs(Date.now() - Number(at))).toBeLessThan(60_000);
    }
    await settled(arn);
    expect(statuses(arn)).toEqual(["PROVISIONING", "PENDING", "RUNNING", "RUNNING", "DEPROVISIONING", "STOPPED"]);
    expect(cluster.eventsOf(arn).map(({ detail }) => detail.version)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(task.version).toBe(6);
  });

  it("passes overrides of command and environment, and nothing of this process", async () => {
    vi.stubEnv("DROVER_LEAK", "leaked");
    const printed = Promise.withResolvers<string>();
    const beforeRemove = ({ root }: { root: string }) => printed.resolve(readFileSync(`${root}/main.log`, "utf8"));
    await cluster.start({ runtime: createProcessRuntime({ beforeRemove }) });
    const environment = [{ name: "ADDED", value: "from the call" }];
    const command = sh('echo "$BASE, $ADDED, [$DROVER_LEAK]"');
    await cluster.run({ overrides: { containerOverrides: [{ name: "main", command, environment }] } });
    expect(await printed.promise).toBe("from the definition, from the call, []\n");
  });

  it("fails to start, with the runtime's reason, when one container cannot; what did start is killed", async () => {
    await cluster.start();
    const overrides = { containerOverrides: [{ name: "workspace", command: ["/no/such/program"] }] };
    const arn = arnOf((await cluster.run({ taskDefinition: "pair", overrides })).tasks);
    const task = await cluster.reach(arn, "STOPPED");

    expect(task.stopCode).toBe("TaskFailedToStart");
    expect(task.startedAt).toBeUndefined();
    expect(task.stoppedReason).toMatch(/^CannotStartContainerError: .*\/no\/such\/program/);
    expect(task.containers?.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ["supervisor", 137],
      ["workspace", undefined],
    ]);
    expect(isGroupAlive(pidOf(cluster.stateDir, arn, "supervisor"))).toBe(false);
  });

  it("kills the other containers when an essential one exits, and is STOPPED only when none lives", async () => {
    await cluster.start();
    const overrides = {
      containerOverrides: [
        { name: "supervisor", command: sh("until [ -e stubborn ]; do /bin/sleep 0.01; done; exit 3") },
        { name: "workspace", command: stubborn },
      ],
    };
    const arn = arnOf((await cluster.run({ taskDefinition: "pair", overrides })).tasks);
    const task = await cluster.reach(arn, "STOPPED");

    expect(task.containers?.map(({ exitCode }) => exitCode)).toEqual([3, 137]);
    expect(task.stopCode).toBe("EssentialContainerExited");
    expect(isGroupAlive(pidOf(cluster.stateDir, arn, "workspace"))).toBe(false);
    await settled(arn);
    expect(statuses(arn)).toContain("STOPPING");
  });

  it("runs on when a container exits that is not essential", async () => {
    await cluster.start();
    const overrides = { containerOverrides: [{ name: "workspace", command: sh("exit 5") }] };
    const arn = arnOf((await cluster.run({ taskDefinition: "pair", overrides })).tasks);
    const task = await until("the workspace has exited", async () => {
      const seen = await cluster.describe(arn);
      return seen.containers?.[1]?.exitCode === 5 ? seen : undefined;
    });
    expect(task).toMatchObject({ lastStatus: "RUNNING", desiredStatus: "RUNNING" });
  });

  it("is not STOPPED before its disk is gone, and tries again when that fails", async () => {
    const removal = hold();
    let refusals = 0;
    const beforeRemove = async () => {
      if (refusals++ === 0) throw new Error("busy");
      await removal.promise;
    };
    await cluster.start({ runtime: createProcessRuntime({ beforeRemove }) });
    const arn = await cluster.runOne(sh("exit 0"));
    await until("the removal is tried again", () => refusals === 2);
    expect((await cluster.describe(arn)).lastStatus).toBe("DEPROVISIONING");
    removal.resolve();
    await cluster.reach(arn, "STOPPED");
    expect(existsSync(`${cluster.stateDir}/${idOf(arn)}`)).toBe(false);
  });
});

it("a folder that cannot be removed keeps no task from being STOPPED: it is told of, and tried again, also after a restart", async () => {
  let refuses = true;
  const beforeRemove = () => {
    if (refuses) throw new Error("busy for good");
  };
  let nowMs = Date.now();
  const options = { runtime: createProcessRuntime({ beforeRemove }), now: () => nowMs, stoppedVisibleMs: 10 };
  await cluster.start(options);
  const arn = await cluster.runOne(sh("exit 7"));
  const task = await cluster.reach(arn, "STOPPED");
  expect(isFolderLeft(describeEnd(task))).toBe(true);
  expect(describeEnd(task)).toContain("main ended with 7");
  await settled(arn);
  const folder = `${cluster.stateDir}/${idOf(arn)}`;
  expect(existsSync(folder)).toBe(true);

  // It is not forgotten while it is there.
  nowMs += 20;
  expect(await cluster.describe(arn)).toMatchObject({ lastStatus: "STOPPED" });
  await cluster.ecs?.close();
  refuses = false;
  await cluster.start(options);
  await until("it is gone", () => !existsSync(folder));
  await until("it is forgotten", async () =>
    cluster.describe(arn).then(
      () => false,
      () => true,
    ),
  );
  expect(cluster.eventsOf(arn).filter(({ detail }) => detail.lastStatus === "STOPPED")).toHaveLength(1);
});

describe("StopTask", () => {
  it("asks with SIGTERM, and a container that obeys ends with 143", async () => {
    await cluster.start();
    const arn = await cluster.runOne(obedient, { tags: [{ key: "task", value: "t1" }] });
    await cluster.reach(arn, "RUNNING");
    await untilUp(cluster.stateDir, arn, "obedient");
    const { task } = await cluster.stop(arn, "killed by user u1");
    expect(task).toMatchObject({ desiredStatus: "STOPPED", lastStatus: "STOPPING" });

    const stopped = await cluster.reach(arn, "STOPPED");
    expect(stopped).toMatchObject({ stopCode: "UserInitiated", stoppedReason: "killed by user u1", tags: [] });
    expect(stopped.containers?.[0]?.exitCode).toBe(143);
  });

  it("kills after the stop timeout what ignores SIGTERM, with all it forked", async () => {
    await cluster.start();
    const overrides = {
      containerOverrides: ["supervisor", "workspace"].map((name) => ({ name, command: stubborn })),
    };
    const arn = arnOf((await cluster.run({ taskDefinition: "pair", overrides })).tasks);
    await cluster.reach(arn, "RUNNING");
    await untilUp(cluster.stateDir, arn, "stubborn");
    const { task } = await cluster.stop(arn);
    const stopped = await cluster.reach(arn, "STOPPED");

    expect(stopped).toMatchObject({ stopCode: "UserInitiated", stoppedReason: "Task stopped by user" });
    expect(stopped.containers?.some(({ exitCode }) => exitCode === 137)).toBe(true);
    expect(Number(stopped.stoppedAt) - Number(task?.stoppingAt)).toBeGreaterThanOrEqual(390);
    for (const name of ["supervisor", "workspace"]) {
      expect(isGroupAlive(pidOf(cluster.stateDir, arn, name))).toBe(false);
    }
  });

  it("does not ask a container whose own timeout is 0, and asks the others", async () => {
    const impatient = definitions.map((definition) => ({
      ...definition,
      stopTimeoutMs: 60_000,
      containers: definition.containers.map((spec) => ({
        ...spec,
        stopTimeoutMs: spec.name === "workspace" ? 0 : 60_000,
      })),
    }));
    await cluster.start({ taskDefinitions: impatient });
    const overrides = { containerOverrides: [{ name: "workspace", command: stubborn }] };
    const arn = arnOf((await cluster.run({ taskDefinition: "pair", overrides })).tasks);
    await cluster.reach(arn, "RUNNING");
    await untilUp(cluster.stateDir, arn, "stubborn");
    await untilUp(cluster.stateDir, arn, "obedient");
    await cluster.stop(arn);
    const { containers = [] } = await cluster.reach(arn, "STOPPED");
    expect(containers.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ["supervisor", 143],
      ["workspace", 137],
    ]);
  });

  it("before the start: the container that starts late is stopped and the task never was RUNNING", async () => {
    const start = hold();
    await cluster.start({ runtime: createProcessRuntime({ beforeStart: () => start.promise }) });
    const arn = await cluster.runOne();
    expect((await cluster.stop(arn, "changed my mind")).task?.desiredStatus).toBe("STOPPED");
    start.resolve();
    const task = await cluster.reach(arn, "STOPPED");

    expect(task).toMatchObject({ stopCode: "UserInitiated", stoppedReason: "changed my mind" });
    expect(task.startedAt).toBeUndefined();
    expect(task.containers?.[0]?.exitCode).toBe(143);
    await settled(arn);
    expect(statuses(arn)).toEqual(["PROVISIONING", "PENDING", "STOPPING", "STOPPING", "DEPROVISIONING", "STOPPED"]);
  });

  it("before a start that takes longer than the stop timeout: the late container gets SIGKILL at once", async () => {
    const start = hold();
    let nowMs = Date.now();
    await cluster.start({
      now: () => nowMs,
      taskDefinitions: definitions.map((definition) => ({ ...definition, stopTimeoutMs: 60_000 })),
      runtime: createProcessRuntime({ beforeStart: () => start.promise }),
    });
    const arn = await cluster.runOne(stubborn);
    await cluster.stop(arn);
    nowMs += 60_001;
    start.resolve();
    expect((await cluster.reach(arn, "STOPPED")).containers?.[0]?.exitCode).toBe(137);
  });

  it("works when the disk takes no writes any more", async () => {
    await cluster.start();
    const arn = await cluster.runOne();
    await cluster.reach(arn, "RUNNING");
    await settled(arn);
    const pid = pidOf(cluster.stateDir, arn, "main");
    renameSync(cluster.stateDir, `${cluster.stateDir}.gone`);
    await cluster.stop(arn);
    await cluster.reach(arn, "STOPPED");
    expect(isGroupAlive(pid)).toBe(false);
    renameSync(`${cluster.stateDir}.gone`, cluster.stateDir);
  });

  it("twice, or after the end, changes nothing", async () => {
    await cluster.start();
    const arn = await cluster.runOne();
    await cluster.reach(arn, "RUNNING");
    await cluster.stop(arn, "first");
    await cluster.stop(arn, "second");
    const { version } = await cluster.reach(arn, "STOPPED");
    const { task } = await cluster.stop(arn, "third");
    expect(task).toMatchObject({ stoppedReason: "first", lastStatus: "STOPPED", version });
  });

  it("of an unknown task, or of another cluster's, is an error", async () => {
    await cluster.start();
    const arn = await cluster.runOne();
    for (const [task, message] of [
      ["0".repeat(32), "The referenced task was not found."],
      [
        arn.replace("task/drover", "task/other"),
        "Invalid identifier: Identifier is for cluster other. Your cluster is drover",
      ],
    ] as const) {
      await expect(cluster.stop(task)).rejects.toMatchObject({ name: "InvalidParameterException", message });
    }
  });
});

describe("RunTask", () => {
  it.each<[string, Partial<RunTaskCommandInput>, string]>([
    ["another cluster", { cluster: "other" }, "ClusterNotFoundException"],
    ["no cluster, where the default is not ours", { cluster: undefined }, "ClusterNotFoundException"],
    ["an unknown task definition", { taskDefinition: "nobody" }, "ClientException"],
    ["an unknown revision", { taskDefinition: "solo:9" }, "ClientException"],
    ["eleven tasks", { count: 11 }, "InvalidParameterException"],
    ["no task", { count: 0 }, "InvalidParameterException"],
    ["no network configuration", { networkConfiguration: undefined }, "InvalidParameterException"],
    ["EC2", { launchType: "EC2" }, "InvalidParameterException"],
    ["a long startedBy", { startedBy: "x".repeat(129) }, "InvalidParameterException"],
    ["a long clientToken", { clientToken: "x".repeat(65) }, "InvalidParameterException"],
    [
      "an unknown container",
      { overrides: { containerOverrides: [{ name: "nobody", command: ["x"] }] } },
      "InvalidParameterException",
    ],
    [
      "overrides over 8192 characters",
      { overrides: { containerOverrides: [{ name: "main", command: ["x".repeat(8192)] }] } },
      "InvalidParameterException",
    ],
    [
      "what this endpoint cannot do",
      { overrides: { taskRoleArn: "arn:aws:iam::0:role/x" } },
      "InvalidParameterException",
    ],
    ["51 tags", { tags: Array.from({ length: 51 }, (_, n) => ({ key: `k${n}` })) }, "InvalidParameterException"],
  ])("refuses %s and starts nothing", async (_what, input, name) => {
    await cluster.start();
    await expect(cluster.run(input)).rejects.toMatchObject({ name });
    expect(cluster.events).toEqual([]);
  });

  it.each([
    "pair:3",
    "pair",
    "arn:aws:ecs:us-east-1:000000000000:task-definition/pair:3",
  ])("takes %s for the task definition", async (taskDefinition) => {
    await cluster.start();
    expect((await cluster.run({ taskDefinition })).tasks?.[0]?.taskDefinitionArn).toMatch(/pair:3$/);
  });

  it("answers the same task to the same call with the same clientToken, and a conflict to another", async () => {
    await cluster.start();
    const [first, again] = await Promise.all([cluster.run({ clientToken: "a1" }), cluster.run({ clientToken: "a1" })]);
    expect(again.tasks?.map(({ taskArn }) => taskArn)).toEqual([arnOf(first.tasks)]);
    await expect(cluster.run({ clientToken: "a1", startedBy: "another" })).rejects.toMatchObject({
      name: "ConflictException",
      resourceIds: [arnOf(first.tasks)],
    });
    expect(arnOf((await cluster.run({ clientToken: "a2" })).tasks)).not.toBe(arnOf(first.tasks));
  });

  it("still answers the old task to its clientToken after that task has stopped, until it is forgotten", async () => {
    let nowMs = Date.now();
    await cluster.start({ now: () => nowMs, stoppedVisibleMs: 60_000 });
    const first = arnOf((await cluster.run({ clientToken: "a1" })).tasks);
    await cluster.stop(first);
    await cluster.reach(first, "STOPPED");
    await settled(first);
    nowMs += 59_999;
    expect(arnOf((await cluster.run({ clientToken: "a1" })).tasks)).toBe(first);
    nowMs += 1;
    expect(arnOf((await cluster.run({ clientToken: "a1" })).tasks)).not.toBe(first);
    await expect(cluster.describe(first)).rejects.toThrow("MISSING");
    expect(existsSync(`${cluster.stateDir}/${idOf(first)}.json`)).toBe(false);
  });

  it("answers failures[] with status 200 when there is no room, for the part that has none", async () => {
    await cluster.start({ maxTasks: 2 });
    const answer = await cluster.run({ count: 3, clientToken: "a1" });
    expect(answer.tasks).toHaveLength(2);
    const reason = expect.stringMatching(/^Capacity is unavailable at this time/);
    expect(answer.failures).toEqual([{ reason }]);
    expect(await cluster.run({ clientToken: "a2" })).toMatchObject({ tasks: [], failures: [{ reason }] });

    // A call that started nothing does not use up its token.
    await cluster.stop(arnOf(answer.tasks));
    await cluster.reach(arnOf(answer.tasks), "STOPPED");
    expect((await cluster.run({ clientToken: "a2" })).tasks).toHaveLength(1);
  });

  it("throttles calls over the rate and lets them pass again as time goes by", async () => {
    let nowMs = Date.now();
    await cluster.start({ now: () => nowMs, runTaskRate: { burst: 2, perSecond: 2 } });
    await cluster.run();
    await cluster.run();
    await expect(cluster.run()).rejects.toMatchObject({ name: "ThrottlingException" });
    nowMs += 499;
    await expect(cluster.run()).rejects.toMatchObject({ name: "ThrottlingException" });
    nowMs += 2;
    await cluster.run();
  });

  it("throttles launches by their number, and starts none of a call that asks for too many", async () => {
    await cluster.start({ now: () => 0, launchRate: { burst: 3, perSecond: 1 } });
    await cluster.run({ count: 2 });
    await expect(cluster.run({ count: 2 })).rejects.toMatchObject({ name: "ThrottlingException" });
    expect((await cluster.run({ count: 1 })).tasks).toHaveLength(1);
  });

  it("is an error, and starts nothing, when the task cannot be put on disk", async () => {
    await cluster.start();
    renameSync(cluster.stateDir, `${cluster.stateDir}.gone`);
    await expect(cluster.run({ clientToken: "a1", count: 2 })).rejects.toMatchObject({ name: "InternalFailure" });
    renameSync(`${cluster.stateDir}.gone`, cluster.stateDir);
    expect(cluster.events).toEqual([]);
    expect((await cluster.run({ clientToken: "a1", count: 2 })).tasks).toHaveLength(2);
  });

  it("is retried by the SDK when throttled", async () => {
    // Slow enough that the second call comes too soon on a busy machine, too.
    await cluster.start({ runTaskRate: { burst: 1, perSecond: 0.4 } });
    await cluster.run();
    const { tasks, $metadata } = await cluster.run({}, cluster.client(8));
    expect(tasks).toHaveLength(1);
    expect($metadata.attempts).toBeGreaterThan(1);
  });
});

describe("reading", () => {
  it("shows tags only where they are asked for, and unknown tasks as MISSING", async () => {
    await cluster.start();
    const arn = await cluster.runOne(obedient, { tags: [{ key: "task", value: "t1" }] });
    const unknown = "f".repeat(32);
    const client = cluster.client();
    const plain = await client.send(new DescribeTasksCommand({ cluster: "drover", tasks: [idOf(arn), unknown] }));
    expect(plain.tasks?.map(({ taskArn, tags }) => [taskArn, tags])).toEqual([[arn, undefined]]);
    expect(plain.failures).toEqual([
      { arn: `arn:aws:ecs:us-east-1:000000000000:task/drover/${unknown}`, reason: "MISSING" },
    ]);
    expect((await cluster.describe(arn)).tags).toEqual([{ key: "task", value: "t1" }]);
  });

  it("refuses to describe a task of another cluster, and all that are asked for with it", async () => {
    await cluster.start();
    const tasks = [`arn:aws:ecs:us-east-1:000000000000:task/elsewhere/${"f".repeat(32)}`, await cluster.runOne()];
    await expect(cluster.client().send(new DescribeTasksCommand({ cluster: "drover", tasks }))).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("Identifier is for cluster elsewhere"),
    });
  });

  it.each([0, 101])("refuses to describe %i tasks", async (length) => {
    await cluster.start();
    const tasks = Array.from({ length }, () => "x");
    await expect(cluster.client().send(new DescribeTasksCommand({ cluster: "drover", tasks }))).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });

  it("lists what should run, in pages that neither repeat nor miss a task when others end in between", async () => {
    await cluster.start();
    const { tasks = [] } = await cluster.run({ count: 7, startedBy: "attempt/1" });
    await cluster.runOne(obedient, { startedBy: "attempt/2" });
    const client = cluster.client();
    const list = (nextToken?: string) =>
      client.send(new ListTasksCommand({ cluster: "drover", startedBy: "attempt/1", maxResults: 3, nextToken }));
    const first = await list();
    await cluster.stop(first.taskArns?.[0] ?? "");
    const second = await list(first.nextToken);
    const third = await list(second.nextToken);

    expect([first, second, third].map(({ taskArns }) => taskArns?.length)).toEqual([3, 3, 1]);
    expect(third.nextToken).toBeUndefined();
    const seen = [first, second, third].flatMap(({ taskArns }) => taskArns ?? []);
    expect(seen.sort()).toEqual(tasks.map(({ taskArn }) => taskArn).sort());

    // A task that is to stop is listed as STOPPED at once, whatever still lives of it.
    for (const startedBy of [undefined, "attempt/1"]) {
      const stopped = new ListTasksCommand({ cluster: "drover", startedBy, desiredStatus: "STOPPED" });
      expect((await client.send(stopped)).taskArns).toEqual([first.taskArns?.[0]]);
    }
    const pending = await client.send(new ListTasksCommand({ cluster: "drover", desiredStatus: "PENDING" }));
    expect(pending.taskArns).toEqual([]);
  });

  it.each([
    { startedBy: "attempt/1", family: "solo" },
    { startedBy: "attempt/1", launchType: "FARGATE" as const },
    { maxResults: 101 },
    { nextToken: "garbage" },
    { serviceName: "web" },
  ])("refuses to list by %o", async (filter) => {
    await cluster.start();
    const command = new ListTasksCommand({ cluster: "drover", ...filter });
    await expect(cluster.client().send(command)).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  it("describes its cluster, for a readiness probe", async () => {
    await cluster.start();
    const arn = await cluster.runOne();
    await cluster.reach(arn, "RUNNING");
    const answer = await cluster.client().send(new DescribeClustersCommand({ clusters: ["drover", "other"] }));
    expect(answer.clusters).toMatchObject([{ clusterName: "drover", status: "ACTIVE", runningTasksCount: 1 }]);
    expect(answer.failures).toMatchObject([{ reason: "MISSING" }]);
  });
});

describe("events", () => {
  it("have the shape of EventBridge and carry no overrides", async () => {
    await cluster.start();
    const overrides = {
      containerOverrides: [{ name: "main", environment: [{ name: "TOKEN", value: "canary-5f2c" }] }],
    };
    const arn = arnOf((await cluster.run({ overrides, startedBy: "attempt/1" })).tasks);
    await until("it runs", () => statuses(arn).includes("RUNNING"));
    const event = cluster.eventsOf(arn).at(-1);
    expect(event).toMatchObject({
      source: "aws.ecs",
      "detail-type": "ECS Task State Change",
      resources: [arn],
      detail: {
        taskArn: arn,
        clusterArn: "arn:aws:ecs:us-east-1:000000000000:cluster/drover",
        lastStatus: "RUNNING",
        desiredStatus: "RUNNING",
        startedBy: "attempt/1",
        group: "family:solo",
        containers: [{ name: "main", lastStatus: "RUNNING" }],
        version: 3,
      },
    });
    expect(JSON.stringify(cluster.events)).not.toContain("canary-5f2c");
    expect(JSON.stringify(await cluster.describe(arn))).toContain("canary-5f2c");
  });

  it("are delivered again, in order and with the same id, until they are taken", async () => {
    const tries: string[] = [];
    await cluster.start({
      onStateChange: (event) => {
        tries.push(`${event.detail.version} ${event.id}`);
        if (tries.length <= 2) throw new Error("not now");
        cluster.events.push(event);
      },
    });
    const arn = await cluster.runOne(sh("exit 0"));
    await cluster.reach(arn, "STOPPED");
    await settled(arn);
    expect(tries.slice(0, 3)).toEqual(Array(3).fill(tries[0]));
    expect(cluster.eventsOf(arn).map(({ detail }) => detail.version)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("that nobody took are kept beyond the time a stopped task is shown, and come after a restart", async () => {
    let nowMs = Date.now();
    await cluster.start({ now: () => nowMs, stoppedVisibleMs: 10, onStateChange: never });
    const arn = await cluster.runOne(sh("exit 0"));
    await cluster.reach(arn, "STOPPED");
    nowMs += 1000;
    await cluster.describe(arn);
    await cluster.ecs?.close();
    await cluster.start({ now: () => nowMs, stoppedVisibleMs: 10 });
    await until("all events came", () => cluster.eventsOf(arn).length === 6);
    expect(statuses(arn).at(-1)).toBe("STOPPED");
    await settled(arn);
    await expect(cluster.describe(arn)).rejects.toThrow("MISSING");
  });
});

describe("a restart", () => {
  it("after close() finds its tasks running, and sees how they end", async () => {
    await cluster.start();
    const arn = await cluster.runOne();
    await cluster.reach(arn, "RUNNING");
    await settled(arn);
    const seen = cluster.events.length;
    await cluster.ecs?.close();
    const pid = pidOf(cluster.stateDir, arn, "main");
    expect(isGroupAlive(pid)).toBe(true);

    await cluster.start();
    expect(await cluster.describe(arn)).toMatchObject({ lastStatus: "RUNNING", version: 3 });
    expect(cluster.events).toHaveLength(seen);
    process.kill(-pid, "SIGKILL");
    const task = await cluster.reach(arn, "STOPPED");
    expect(task).toMatchObject({ stopCode: "EssentialContainerExited" });
    expect(task.containers?.[0]?.exitCode).toBeUndefined();
    expect(task.containers?.[0]?.reason).toMatch(/unknown/);
  });

  it("can stop a task that it found running", async () => {
    await cluster.start();
    const arn = await cluster.runOne(stubborn);
    await cluster.reach(arn, "RUNNING");
    await untilUp(cluster.stateDir, arn, "stubborn");
    await cluster.ecs?.close();
    await cluster.start();
    await cluster.stop(arn, "after the restart");
    await cluster.reach(arn, "STOPPED");
    expect(isGroupAlive(pidOf(cluster.stateDir, arn, "main"))).toBe(false);
  });

  it("says that a container was gone, kills what is left of the task, and publishes it", async () => {
    await cluster.start();
    const arn = arnOf((await cluster.run({ taskDefinition: "pair" })).tasks);
    await cluster.reach(arn, "RUNNING");
    await cluster.ecs?.close();
    const [supervisor, workspace] = ["supervisor", "workspace"].map((name) => pidOf(cluster.stateDir, arn, name));
    process.kill(-Number(supervisor), "SIGKILL");
    await until("the supervisor is gone", () => !isGroupAlive(Number(supervisor)));

    await cluster.start();
    const task = await cluster.reach(arn, "STOPPED");
    expect(task).toMatchObject({
      stopCode: "EssentialContainerExited",
      stoppedReason: "Container supervisor was gone when the endpoint came back",
    });
    expect(task.containers?.[0]?.exitCode).toBeUndefined();
    expect(isGroupAlive(Number(workspace))).toBe(false);
    await until("the end is published", () => statuses(arn).at(-1) === "STOPPED");
  });

  it("goes on with a task that only lost a container which is not essential", async () => {
    await cluster.start();
    const arn = arnOf((await cluster.run({ taskDefinition: "pair" })).tasks);
    await cluster.reach(arn, "RUNNING");
    await cluster.ecs?.close();
    const workspace = pidOf(cluster.stateDir, arn, "workspace");
    process.kill(-workspace, "SIGKILL");
    await until("the workspace is gone", () => !isGroupAlive(workspace));
    await cluster.start();
    const task = await cluster.describe(arn);
    expect(task).toMatchObject({ lastStatus: "RUNNING", desiredStatus: "RUNNING" });
    expect(task.containers?.[1]).toMatchObject({ lastStatus: "STOPPED", reason: expect.stringMatching(/was gone/) });
  });

  it("is not undone by an answer that the closed endpoint gets late", async () => {
    const taken = hold();
    await cluster.start({ onStateChange: () => taken.promise });
    const arn = await cluster.runOne();
    await cluster.reach(arn, "RUNNING");
    await cluster.ecs?.close();
    await cluster.start();
    await cluster.stop(arn);
    await cluster.reach(arn, "STOPPED");
    await settled(arn);
    const before = readRecord(cluster.stateDir, arn);
    taken.resolve();
    await new Promise(setImmediate);
    expect(readRecord(cluster.stateDir, arn)).toEqual(before);
  });

  it("lets a launch under way finish before close() resolves", async () => {
    const start = hold();
    await cluster.start({ runtime: createProcessRuntime({ beforeStart: () => start.promise }) });
    const arn = await cluster.runOne();
    const closed = cluster.ecs?.close();
    start.resolve();
    await closed;
    await cluster.start();
    expect((await cluster.describe(arn)).lastStatus).toBe("RUNNING");
    expect(isGroupAlive(pidOf(cluster.stateDir, arn, "main"))).toBe(true);
  });

  it("honours a clientToken from before, and keeps tokens from other users of the machine", async () => {
    await cluster.start();
    const input: Partial<RunTaskCommandInput> = { clientToken: "a1", startedBy: "attempt/1" };
    const first = arnOf((await cluster.run(input)).tasks);
    await cluster.reach(first, "RUNNING");
    expect(statSync(`${cluster.stateDir}/${idOf(first)}.json`).mode & 0o777).toBe(0o600);
    await cluster.ecs?.close();
    await cluster.start();
    expect(arnOf((await cluster.run(input)).tasks)).toBe(first);
    await expect(cluster.run({ clientToken: "a1" })).rejects.toMatchObject({
      name: "ConflictException",
      resourceIds: [first],
    });
  });
});

describe("a damaged folder", () => {
  it("names in RunTask's failures the task of a repeated call that is not there any more", async () => {
    await cluster.start();
    const { tasks = [] } = await cluster.run({ count: 2, clientToken: "a1" });
    const [kept = "", lost = ""] = tasks.map(({ taskArn }) => taskArn ?? "");
    for (const arn of [kept, lost]) {
      await cluster.stop(arn);
      await cluster.reach(arn, "STOPPED");
      await settled(arn);
    }
    await cluster.ecs?.close();
    rmSync(`${cluster.stateDir}/${idOf(lost)}.json`);
    await cluster.start();
    const again = await cluster.run({ count: 2, clientToken: "a1" });
    expect(again.tasks?.map(({ taskArn }) => taskArn)).toEqual([kept]);
    expect(again.failures).toEqual([{ arn: lost, reason: "MISSING" }]);
  });

  it("keeps the endpoint from starting where a task cannot be read, and clears half-written files", async () => {
    const path = `${cluster.stateDir}/${"a".repeat(32)}.json`;
    writeFileSync(`${path}.tmp`, "{");
    await cluster.start();
    expect(existsSync(`${path}.tmp`)).toBe(false);
    await cluster.ecs?.close();
    writeFileSync(path, "{");
    await expect(cluster.start()).rejects.toThrow(path);
    rmSync(path);
  });
});

describe("after kill -9 of the endpoint", () => {
  const killHost = async (host: ChildProcess) => {
    host.kill("SIGKILL");
    await until("the host is dead", () => host.signalCode === "SIGKILL");
  };

  it("a running task is adopted, no event is lost, and its clientToken holds", async () => {
    const host = await cluster.startInHost();
    const arn = arnOf((await cluster.run({ clientToken: "a1", taskDefinition: "pair" })).tasks);
    await cluster.reach(arn, "RUNNING");
    await killHost(host);

    await cluster.start();
    expect((await cluster.describe(arn)).lastStatus).toBe("RUNNING");
    expect(arnOf((await cluster.run({ clientToken: "a1", taskDefinition: "pair" })).tasks)).toBe(arn);
    await until("what was owed came", () => cluster.eventsOf(arn).length === 3);
    expect(statuses(arn)).toEqual(["PROVISIONING", "PENDING", "RUNNING"]);
  });

  it("a task half started has failed to start, and the half that lived is killed", async () => {
    const host = await cluster.startInHost("workspace");
    const arn = arnOf((await cluster.run({ taskDefinition: "pair" })).tasks);
    const supervisor = await until("the supervisor is recorded", () => {
      return readRecord(cluster.stateDir, arn).containers[0]?.process?.pid;
    });
    await killHost(host);
    expect(isGroupAlive(supervisor)).toBe(true);

    await cluster.start();
    const task = await cluster.reach(arn, "STOPPED");
    expect(task).toMatchObject({
      stopCode: "TaskFailedToStart",
      stoppedReason: "InternalError: The endpoint stopped while the task was starting",
    });
    expect(task.startedAt).toBeUndefined();
    expect(isGroupAlive(supervisor)).toBe(false);
    await until("the end is published", () => statuses(arn).at(-1) === "STOPPED");
  });

  it("a stop under way is carried through, with its first reason", async () => {
    const host = await cluster.startInHost();
    const arn = await cluster.runOne(stubborn);
    await cluster.reach(arn, "RUNNING");
    await untilUp(cluster.stateDir, arn, "stubborn");
    await cluster.stop(arn, "kill of task t1");
    await killHost(host);
    expect(isGroupAlive(pidOf(cluster.stateDir, arn, "main"))).toBe(true);

    await cluster.start();
    expect(await cluster.reach(arn, "STOPPED")).toMatchObject({
      stopCode: "UserInitiated",
      stoppedReason: "kill of task t1",
    });
    expect(isGroupAlive(pidOf(cluster.stateDir, arn, "main"))).toBe(false);
  });
});

describe("stopAll", () => {
  it("is refused once the endpoint is closed", async () => {
    await cluster.start();
    await cluster.ecs?.close();
    await expect(cluster.ecs?.stopAll()).rejects.toThrow(/closed/);
  });

  it("kills what runs, stops or still starts without any grace, and lets nothing start after", async () => {
    const start = hold();
    const beforeStart = ({ environment }: { environment: Readonly<Record<string, string>> }) =>
      environment.SLOW ? start.promise : undefined;
    await cluster.start({ runtime: createProcessRuntime({ beforeStart }) });
    const running = await cluster.runOne(stubborn);
    const stopping = await cluster.runOne(stubborn);
    const overrides = { containerOverrides: [{ name: "main", environment: [{ name: "SLOW", value: "1" }] }] };
    const starting = arnOf((await cluster.run({ overrides })).tasks);
    for (const arn of [running, stopping]) {
      await cluster.reach(arn, "RUNNING");
      await untilUp(cluster.stateDir, arn, "stubborn");
    }
    await cluster.stop(stopping, "first");

    const all = cluster.ecs?.stopAll();
    const refused = await cluster.run();
    expect(refused).toMatchObject({ tasks: [], failures: [{ reason: expect.stringMatching(/starts no other/) }] });
    start.resolve();
    await all;
    for (const arn of [running, stopping, starting]) {
      const task = await cluster.describe(arn);
      expect(task).toMatchObject({ lastStatus: "STOPPED", stopCode: "UserInitiated" });
      expect(task.containers?.[0]?.exitCode).toBe(137);
      expect(isGroupAlive(pidOf(cluster.stateDir, arn, "main"))).toBe(false);
    }
  });
});

it("answers an operation it does not have with an error", async () => {
  await cluster.start();
  const response = await fetch(cluster.url, {
    method: "POST",
    headers: { "x-amz-target": "AmazonEC2ContainerServiceV20141113.CreateService" },
    body: "{}",
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ __type: "UnknownOperationException" });
});

it("lets the SDK's own clientToken pass, which it fills in where none is given", async () => {
  await cluster.start();
  const client = cluster.client();
  const send = () =>
    client.send(new RunTaskCommand({ cluster: "drover", taskDefinition: "solo", networkConfiguration }));
  expect(arnOf((await send()).tasks)).not.toBe(arnOf((await send()).tasks));
});
