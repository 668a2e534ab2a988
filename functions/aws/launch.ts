// How is a sandbox started, and only one, whatever becomes of the call?
import { setTimeout } from "node:timers/promises";
import {
  ClientException,
  type ECSClient,
  ECSServiceException,
  InvalidParameterException,
  RunTaskCommand,
} from "@aws-sdk/client-ecs";
import type { EcsTarget } from "../core/backends.ts";
import type { LaunchOutcome } from "../core/cloud.ts";
import type { AgentId } from "../core/ids.ts";
import type { Pace } from "./pace.ts";

const tries = 3;
const againMs = 100;

/**
 * The tries are ours, not the SDK's: that nothing was started is certain only while no earlier try may have done it.
 * `client` makes each call once. Throws when an answer was lost.
 *
 *   RunTask: started, its answer is lost ── RunTask again: throttled → nobody knows
 */
export async function launch(
  client: ECSClient,
  target: EcsTarget,
  agentId: AgentId,
  token: string,
  { pace, patienceMs }: { pace: Pace; patienceMs: number },
): Promise<LaunchOutcome> {
  await pace();
  const abortSignal = AbortSignal.timeout(patienceMs);
  for (let unanswered = 0; ; await pace()) {
    const tried = await runTask(client, target, agentId, token, abortSignal);
    if (tried.kind === "no_answer") {
      unanswered += 1;
      if (unanswered === tries || abortSignal.aborted) throw tried.error;
      await setTimeout(againMs * 2 ** unanswered);
    } else if (tried.kind === "launched" || unanswered === 0) return tried;
    else throw new Error(`an earlier call had no answer, and now: ${tried.why}`);
  }
}

type Tried = LaunchOutcome | { kind: "no_answer"; error: unknown };

/**
 * `clientToken` and `startedBy` come from the attempt, so a repeated call finds the same sandbox. The token is
 * remembered for the task's life plus an hour only; the caller must not launch later than its launch deadline.
 */
async function runTask(
  client: ECSClient,
  target: EcsTarget,
  agentId: AgentId,
  token: string,
  abortSignal: AbortSignal,
): Promise<Tried> {
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
        // What it costs is found by the definition's tags, which a task does not get by itself.
        propagateTags: "TASK_DEFINITION",
        overrides: { containerOverrides: [{ name: "supervisor", environment }] },
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: target.subnets,
            securityGroups: target.securityGroups,
            assignPublicIp: target.assignPublicIp ? "ENABLED" : "DISABLED",
          },
        },
      }),
      { abortSignal },
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
    if (error instanceof ECSServiceException && error.$fault === "client") throw error;
    return { kind: "no_answer", error };
  }
}

const connectionErrors = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];
const isNotConnected = (error: unknown) =>
  error instanceof Error && connectionErrors.includes(String((error as NodeJS.ErrnoException).code));

/** An error of several addresses has no message of its own. */
export function sayWhy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, code } = error as NodeJS.ErrnoException;
  return [name === "Error" ? "" : name, message || code].filter(Boolean).join(": ");
}

/** ECS says so in several ways, also as an invalid parameter: then only its words tell. */
export const isThrottling = (error: unknown) =>
  error instanceof Error &&
  (/^(ThrottlingException|RequestLimitExceeded|TooManyRequestsException)$/.test(error.name) ||
    /rate exceeded|request ?limit ?exceeded|throttl|capacity is unavailable/i.test(error.message));
