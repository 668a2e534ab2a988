// How are sandboxes stopped and found? Only this file and the launch beside it say "ECS task".
import {
  AccessDeniedException,
  ClientException,
  ClusterNotFoundException,
  DescribeClustersCommand,
  DescribeTasksCommand,
  ECSClient,
  type Task as EcsTask,
  InvalidParameterException,
  ListTasksCommand,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import { type BackendSettings, declarationOf, type EcsTarget, type KeptBackends, reachOf } from "../core/backends.ts";
import type { Sandboxes, SandboxState } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { parseAgentId } from "../core/ids.ts";
import { describeEnd } from "../core/sandbox-end.ts";
import { isThrottling, launch, sayWhy } from "./launch.ts";
import { openPace, type Pace } from "./pace.ts";

/** A backend that takes a connection and then says nothing must not hold up the work of the others. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
/** For all calls of one question, whoever repeats them. */
const patienceMs = 10_000;
const listPatienceMs = 30_000;
const probeTimeoutMs = 5_000;
const maxReasonCharacters = 255;

interface Place {
  client: ECSClient;
  /** Makes each call once. */
  once: ECSClient;
  target: EcsTarget;
  pace: Pace;
}

interface Question extends Place {
  abortSignal: AbortSignal;
}

/**
 * `keptBackends` is asked only for a backend that is not declared. `launchesPerSecond`: this process's share of what an
 * account may launch in a region.
 */
export function openSandboxes(
  settings: BackendSettings,
  keptBackends: () => Promise<KeptBackends>,
  launchesPerSecond: number,
): (backend: string) => Sandboxes {
  const clients = new Map<string, Omit<Place, "target">>();

  function clientsOf({ region, endpoint }: EcsTarget) {
    const place = `${region} ${endpoint}`;
    const options = { region, endpoint, requestHandler };
    const both = clients.get(place) ?? {
      client: new ECSClient(options),
      once: new ECSClient({ ...options, maxAttempts: 1 }),
      pace: openPace(launchesPerSecond),
    };
    clients.set(place, both);
    return both;
  }

  async function locate(name: string): Promise<Place> {
    const declared = declarationOf(name, settings);
    const kept = declared ? undefined : (await keptBackends()).backends.find((backend) => backend.name === name);
    const target = declared ?? (kept && reachOf(kept, settings));
    if (target) return { target, ...clientsOf(target) };
    throw new DroverError("backend_unavailable", `Backend ${name} is not declared, so this process may not reach it.`);
  }

  return (name) => sandboxesOf(name, () => locate(name));
}

function sandboxesOf(name: string, locate: () => Promise<Place>): Sandboxes {
  /** What a backend should have answered and did not is one kind of error; that it refuses one sandbox is another. */
  async function ask<T>(
    action: string,
    act: (question: Question) => Promise<T>,
    { withinMs = patienceMs, sandboxArn }: { withinMs?: number; sandboxArn?: string } = {},
  ): Promise<T> {
    const place = await locate();
    try {
      return await act({ ...place, abortSignal: AbortSignal.timeout(withinMs) });
    } catch (error) {
      if (sandboxArn && isRefusal(error))
        throw new Error(`Backend ${name} refuses ${action} of ${sandboxArn}: ${sayWhy(error)}`, { cause: error });
      const message = `Backend ${name} gave no answer to ${action}: ${sayWhy(error)}`;
      throw new DroverError("backend_unavailable", message, { cause: error });
    }
  }

  return {
    launch: (agentId, token) =>
      ask("RunTask", ({ once, target, pace }) => launch(once, target, agentId, token, { pace, patienceMs })),
    stop: (sandboxArn, reason) => ask("StopTask", (place) => stop(place, sandboxArn, reason), { sandboxArn }),
    describe: (sandboxArn) =>
      ask("DescribeTasks", async (place) => (await describe(place, [sandboxArn])).at(0), { sandboxArn }),
    findByAgent: (agentId) =>
      ask("ListTasks", async (place) => {
        // One that is stopped between the two lists is in both. The other way round it would be in none of them.
        const running = await listArns(place, agentId, "RUNNING");
        const stopped = await listArns(place, agentId, "STOPPED");
        return describe(place, [...new Set([...running, ...stopped])]);
      }),
    listRunning: () =>
      ask("ListTasks", async (place) => describe(place, await listArns(place, undefined, "RUNNING")), {
        withinMs: listPatienceMs,
      }),
    probe: () => ask("DescribeClusters", probe, { withinMs: probeTimeoutMs }),
  };
}

/** It may be of a cluster that the backend has left, and that this process has no right to any more, or that is gone. */
const isRefusal = (error: unknown) =>
  [InvalidParameterException, ClientException, ClusterNotFoundException, AccessDeniedException].some(
    (kind) => error instanceof kind,
  ) && !isThrottling(error);

/** A declaration may have moved the backend since the sandbox was started. ARNs of before 2018 do not say it. */
const clusterOf = (sandboxArn: string | undefined) => sandboxArn?.match(/:task\/([^/]+)\/[^/]+$/)?.[1];

/** All of one cluster. Page by page: DescribeTasks takes 100 ids. */
async function describe({ client, abortSignal, target }: Question, arns: string[]): Promise<SandboxState[]> {
  const cluster = clusterOf(arns[0]) ?? target.cluster;
  const states: SandboxState[] = [];
  for (let i = 0; i < arns.length; i += 100) {
    const page = new DescribeTasksCommand({ cluster, tasks: arns.slice(i, i + 100) });
    const { tasks } = await client.send(page, { abortSignal });
    states.push(...(tasks ?? []).flatMap((task) => toState(task) ?? []));
  }
  return states;
}

async function listArns(
  { client, abortSignal, target: { cluster } }: Question,
  startedBy: string | undefined,
  desiredStatus: "RUNNING" | "STOPPED",
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const list = new ListTasksCommand({ cluster, startedBy, desiredStatus, nextToken });
    const page = await client.send(list, { abortSignal });
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

async function stop({ client, abortSignal, target }: Question, task: string, reason: string): Promise<void> {
  const cluster = clusterOf(task) ?? target.cluster;
  const command = new StopTaskCommand({ cluster, task, reason: reason.slice(0, maxReasonCharacters) });
  try {
    await client.send(command, { abortSignal });
  } catch (error) {
    // ECS forgets a stopped task after an hour or more: nothing is left to stop.
    if (!(error instanceof InvalidParameterException)) throw error;
  }
}

async function probe({ client, abortSignal, target: { cluster } }: Question): Promise<void> {
  const { clusters } = await client.send(new DescribeClustersCommand({ clusters: [cluster] }), { abortSignal });
  if (clusters?.[0]?.status !== "ACTIVE") throw new Error(`cluster ${cluster} is not active`);
}

function toState(task: EcsTask): SandboxState | undefined {
  if (!task.taskArn) return undefined;
  return {
    sandboxArn: task.taskArn,
    agentId: parseAgentId(task.startedBy ?? "")?.agentId,
    stopped: task.lastStatus === "STOPPED",
    ...(task.lastStatus === "STOPPED" && { why: describeEnd(task) }),
  };
}
