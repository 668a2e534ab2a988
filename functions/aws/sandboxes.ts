// How are sandboxes started, stopped and found? The only file that says "ECS task".
import {
  ClientException,
  DescribeClustersCommand,
  DescribeTasksCommand,
  type ECSClient,
  type Task as EcsTask,
  InvalidParameterException,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import type { LaunchOutcome, Sandboxes, SandboxState } from "../core/cloud.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";

export interface SandboxSettings {
  cluster: string;
  /** The family, never a revision: a pinned revision goes inactive after a deployment. */
  taskDefinition: string;
  subnets: string[];
  securityGroups: string[];
  assignPublicIp: boolean;
}

export function openSandboxes(client: ECSClient, settings: SandboxSettings): Sandboxes {
  const { cluster } = settings;

  async function describe(arns: string[]): Promise<SandboxState[]> {
    if (arns.length === 0) return [];
    // DescribeTasks takes 100 ids; so does a page of ListTasks.
    const { tasks } = await client.send(new DescribeTasksCommand({ cluster, tasks: arns }));
    return (tasks ?? []).flatMap((task) => toState(task) ?? []);
  }

  async function listArns(startedBy: string | undefined, desiredStatus: "RUNNING" | "STOPPED"): Promise<string[]> {
    const arns: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new ListTasksCommand({ cluster, startedBy, desiredStatus, nextToken }));
      arns.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return arns;
  }

  async function describeAll(arns: string[]): Promise<SandboxState[]> {
    const states: SandboxState[] = [];
    for (let i = 0; i < arns.length; i += 100) states.push(...(await describe(arns.slice(i, i + 100))));
    return states;
  }

  return {
    launch: (agentId, token) => launch(client, settings, agentId, token),
    async stop(sandboxArn, reason) {
      try {
        await client.send(new StopTaskCommand({ cluster, task: sandboxArn, reason: reason.slice(0, 255) }));
      } catch (error) {
        // ECS forgets a stopped task after an hour or more: nothing is left to stop.
        if (!(error instanceof InvalidParameterException)) throw error;
      }
    },
    describe: async (sandboxArn) => (await describe([sandboxArn])).at(0),
    async findByAgent(agentId) {
      const [running, stopped] = await Promise.all([listArns(agentId, "RUNNING"), listArns(agentId, "STOPPED")]);
      return describeAll([...running, ...stopped]);
    },
    listRunning: async () => describeAll(await listArns(undefined, "RUNNING")),
    async probe() {
      const { clusters } = await client.send(new DescribeClustersCommand({ clusters: [cluster] }));
      if (clusters?.[0]?.status !== "ACTIVE") throw new Error(`cluster ${cluster} is not active`);
    },
  };
}

/**
 * `clientToken` and `startedBy` come from the attempt, so a repeated call finds the same sandbox. The token is
 * remembered for the task's life plus an hour only; the caller must not launch later than its launch deadline.
 */
async function launch(
  client: ECSClient,
  settings: SandboxSettings,
  agentId: AgentId,
  token: string,
): Promise<LaunchOutcome> {
  const environment = [
    { name: "DROVER_AGENT_ID", value: agentId },
    { name: "DROVER_TOKEN", value: token },
  ];
  try {
    const { tasks, failures } = await client.send(
      new RunTaskCommand({
        cluster: settings.cluster,
        taskDefinition: settings.taskDefinition,
        launchType: "FARGATE",
        clientToken: agentId,
        startedBy: agentId,
        overrides: { containerOverrides: [{ name: "supervisor", environment }] },
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: settings.subnets,
            securityGroups: settings.securityGroups,
            assignPublicIp: settings.assignPublicIp ? "ENABLED" : "DISABLED",
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
    throw error;
  }
}

const isThrottling = (error: unknown) => error instanceof Error && error.name === "ThrottlingException";

function toState(task: EcsTask): SandboxState | undefined {
  if (!task.taskArn) return undefined;
  return {
    sandboxArn: task.taskArn,
    agentId: parseAgentId(task.startedBy ?? "")?.agentId,
    stopped: task.lastStatus === "STOPPED",
  };
}
