// How are sandboxes started, stopped and found? The only file that says "ECS task".
import {
  ClientException,
  DescribeClustersCommand,
  DescribeTasksCommand,
  ECSClient,
  type Task as EcsTask,
  InvalidParameterException,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import { type BackendSettings, declarationOf, type EcsTarget, type KeptBackends, reachOf } from "../core/backends.ts";
import type { LaunchOutcome, Sandboxes, SandboxState } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { describeEnd } from "../core/sandbox-end.ts";

/** A backend that takes a connection and then says nothing must not hold up the work of the others. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
const probeTimeoutMs = 5_000;
const maxReasonCharacters = 255;

interface Place {
  client: ECSClient;
  target: EcsTarget;
}

/** `keptBackends` is asked only for a backend that is not declared. */
export function openSandboxes(
  settings: BackendSettings,
  keptBackends: () => Promise<KeptBackends>,
): (backend: string) => Sandboxes {
  const clients = new Map<string, ECSClient>();

  function clientOf({ region, endpoint }: EcsTarget): ECSClient {
    const place = `${region} ${endpoint}`;
    const client = clients.get(place) ?? new ECSClient({ region, endpoint, requestHandler });
    clients.set(place, client);
    return client;
  }

  async function locate(name: string): Promise<Place> {
    const declared = declarationOf(name, settings);
    const kept = declared ? undefined : (await keptBackends()).backends.find((backend) => backend.name === name);
    const target = declared ?? (kept && reachOf(kept, settings));
    if (target) return { target, client: clientOf(target) };
    throw new DroverError("backend_unavailable", `Backend ${name} is not declared, so this process may not reach it.`);
  }

  return (name) => sandboxesOf(name, () => locate(name));
}

function sandboxesOf(name: string, locate: () => Promise<Place>): Sandboxes {
  /** What a backend should have answered and did not is one kind of error, whatever was the matter. */
  async function ask<T>(action: string, act: (place: Place) => Promise<T>): Promise<T> {
    const place = await locate();
    try {
      return await act(place);
    } catch (error) {
      const message = `Backend ${name} gave no answer to ${action}: ${sayWhy(error)}`;
      throw new DroverError("backend_unavailable", message, { cause: error });
    }
  }

  return {
    launch: (agentId, token) => ask("RunTask", (place) => launch(place, agentId, token)),
    stop: (sandboxArn, reason) => ask("StopTask", (place) => stop(place, sandboxArn, reason)),
    describe: (sandboxArn) => ask("DescribeTasks", async (place) => (await describe(place, [sandboxArn])).at(0)),
    findByAgent: (agentId) =>
      ask("ListTasks", async (place) => {
        const [running, stopped] = await Promise.all([
          listArns(place, agentId, "RUNNING"),
          listArns(place, agentId, "STOPPED"),
        ]);
        return describe(place, [...running, ...stopped]);
      }),
    listRunning: () => ask("ListTasks", async (place) => describe(place, await listArns(place, undefined, "RUNNING"))),
    probe: () => ask("DescribeClusters", probe),
  };
}

/** Page by page: DescribeTasks takes 100 ids. */
async function describe({ client, target: { cluster } }: Place, arns: string[]): Promise<SandboxState[]> {
  const states: SandboxState[] = [];
  for (let i = 0; i < arns.length; i += 100) {
    const { tasks } = await client.send(new DescribeTasksCommand({ cluster, tasks: arns.slice(i, i + 100) }));
    states.push(...(tasks ?? []).flatMap((task) => toState(task) ?? []));
  }
  return states;
}

async function listArns(
  { client, target: { cluster } }: Place,
  startedBy: string | undefined,
  desiredStatus: "RUNNING" | "STOPPED",
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new ListTasksCommand({ cluster, startedBy, desiredStatus, nextToken }));
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

async function stop({ client, target: { cluster } }: Place, task: string, reason: string): Promise<void> {
  try {
    await client.send(new StopTaskCommand({ cluster, task, reason: reason.slice(0, maxReasonCharacters) }));
  } catch (error) {
    // ECS forgets a stopped task after an hour or more: nothing is left to stop.
    if (!(error instanceof InvalidParameterException)) throw error;
  }
}

async function probe({ client, target: { cluster } }: Place): Promise<void> {
  const abortSignal = AbortSignal.timeout(probeTimeoutMs);
  const { clusters } = await client.send(new DescribeClustersCommand({ clusters: [cluster] }), { abortSignal });
  if (clusters?.[0]?.status !== "ACTIVE") throw new Error(`cluster ${cluster} is not active`);
}

/**
 * `clientToken` and `startedBy` come from the attempt, so a repeated call finds the same sandbox. The token is
 * remembered for the task's life plus an hour only; the caller must not launch later than its launch deadline.
 */
async function launch({ client, target }: Place, agentId: AgentId, token: string): Promise<LaunchOutcome> {
  const environment = [
    { name: "DROVER_AGENT_ID", value: agentId },
    { name: "DROVER_TOKEN", value: token },
  ];
  try {
    const { tasks, failures } = await client.send(
      new RunTaskCommand({
        cluster: target.cluster,
        taskDefinition: target.taskDefinition,
        launchType: "FARGATE",
        clientToken: agentId,
        startedBy: agentId,
        overrides: { containerOverrides: [{ name: "supervisor", environment }] },
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: target.subnets,
            securityGroups: target.securityGroups,
            assignPublicIp: target.assignPublicIp ? "ENABLED" : "DISABLED",
          },
        },
      }),
    );
    const sandboxArn = tasks?.[0]?.taskArn;
    if (sandboxArn) return { kind: "launched", sandboxArn };
    // RunTask answers 200 without a task when there is no room.
    return { kind: "no_capacity", why: failures?.map((f) => f.reason).join("; ") || "RunTask started nothing" };
  } catch (error) {
    if (isThrottling(error)) return { kind: "no_capacity", why: "RunTask is throttled" };
    if (error instanceof InvalidParameterException || error instanceof ClientException) {
      return { kind: "refused", why: error.message };
    }
    if (isNotConnected(error)) return { kind: "unreachable", why: sayWhy(error) };
    throw error;
  }
}

const connectionErrors = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];
const isNotConnected = (error: unknown) =>
  error instanceof Error && connectionErrors.includes(String((error as NodeJS.ErrnoException).code));

/** An error of several addresses has no message of its own. */
function sayWhy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, code } = error as NodeJS.ErrnoException;
  return [name === "Error" ? "" : name, message || code].filter(Boolean).join(": ");
}

/** ECS says so in several ways, also as an invalid parameter: then only its words tell. */
const isThrottling = (error: unknown) =>
  error instanceof Error &&
  (/^(ThrottlingException|RequestLimitExceeded|TooManyRequestsException)$/.test(error.name) ||
    /rate exceeded|request ?limit ?exceeded|throttl|capacity is unavailable/i.test(error.message));

function toState(task: EcsTask): SandboxState | undefined {
  if (!task.taskArn) return undefined;
  return {
    sandboxArn: task.taskArn,
    agentId: parseAgentId(task.startedBy ?? "")?.agentId,
    stopped: task.lastStatus === "STOPPED",
    ...(task.lastStatus === "STOPPED" && { why: describeEnd(task) }),
  };
}
