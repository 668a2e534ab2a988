// How does a function reach ECS? Launches may find no room, lists may lag, and a stop may be asked for in vain.
import type { LaunchOutcome, Sandboxes } from "../../../functions/core/cloud.ts";
import { DroverError } from "../../../functions/core/errors.ts";
import type { AgentId } from "../../../functions/core/ids.ts";
import { askToStop, startLife } from "../actors/sandbox-life.ts";
import type { Activity } from "../engine/activity.ts";
import { watchRate } from "../invariants/launches.ts";
import { outages } from "../situations.ts";
import type { Stage } from "../stage.ts";
import { callCloud, type Operation } from "./call.ts";

const operation = (name: string, code: number, more?: Partial<Operation>): Operation => ({
  name,
  code,
  whenLost: (message) => new DroverError("backend_unavailable", message),
  ...more,
});

const operations = {
  launch: operation("RunTask", 200, {
    longestMs: 1_500,
    whenThrottled: { kind: "no_capacity", why: "RunTask is throttled" },
  }),
  stop: operation("StopTask", 201),
  describe: operation("DescribeTasks", 202),
  findByAgent: operation("ListTasks by agent", 203),
  listRunning: operation("ListTasks", 204),
  probe: operation("DescribeClusters", 205),
};

const deathCode = 206;

/** AWS says that a new task may be missing from the lists for up to five minutes. */
const longestMissingMs = 5 * 60_000;

export function openSimSandboxes(stage: Stage, activity: Activity): Sandboxes {
  const call = <T>(operation: keyof typeof operations, effect: () => T): Promise<T> =>
    callCloud(activity, operations[operation], effect);
  return {
    launch: (agentId, token) => call("launch", () => launch(stage, activity, agentId, token)),
    stop: (arn, reason) => call("stop", () => askToStop(stage, activity, arn, reason)),
    describe: (arn) => call("describe", () => stage.ecs.describe(arn)),
    findByAgent: (agentId) => call("findByAgent", () => stage.ecs.findByAgent(agentId)),
    listRunning: () => call("listRunning", () => stage.ecs.listRunning()),
    probe: () => call("probe", () => answerProbe(stage, activity)),
  };
}

function drawOutage({ world }: Stage, activity: Activity) {
  if (!world.strikes(activity, "launch_outage")) return undefined;
  return outages[activity.random.between(0, outages.length - 1)];
}

function answerProbe(stage: Stage, activity: Activity): void {
  const outage = drawOutage(stage, activity);
  if (outage === "unreachable" || outage === "silent")
    throw new DroverError("backend_unavailable", `DescribeClusters: ${outage}`);
}

function launch(stage: Stage, activity: Activity, agentId: AgentId, token: string): LaunchOutcome {
  const { world, ecs } = stage;
  watchRate(stage);
  if (!ecs.takeLaunch(world.swarm.launchBucket)) {
    world.fire(activity, "launch_throttled");
    return { kind: "no_capacity", why: "RunTask is throttled" };
  }
  const started = ecs.replay(agentId);
  if (started) {
    // A reaper has the rest of its round to do, which is looked at.
    if (!activity.name.startsWith("reaper")) dieOf(stage, activity);
    return { kind: "launched", sandboxArn: started.sandboxArn };
  }
  const outage = drawOutage(stage, activity);
  if (outage === "no_room") return { kind: "no_capacity", why: "Capacity is unavailable at this time" };
  if (outage === "unreachable") return { kind: "unreachable", why: "connection refused" };
  if (outage === "silent") throw new DroverError("backend_unavailable", "RunTask: no answer");
  if (world.strikes(activity, "launch_no_capacity")) return { kind: "no_capacity", why: "no room" };
  if (world.strikes(activity, "launch_refused")) return { kind: "refused", why: "a setting is wrong" };
  stage.judge.watchLaunch(agentId);
  const missingMs = world.strikes(activity, "sandbox_missing") ? activity.random.between(1_000, longestMissingMs) : 0;
  const sandbox = ecs.add(agentId, token, missingMs);
  startLife(stage, activity, sandbox, outage === "start_fails");
  dieOf(stage, activity);
  return { kind: "launched", sandboxArn: sandbox.sandboxArn };
}

/** Before it can tell anybody what it has started. */
function dieOf({ world }: Stage, launcher: Activity): void {
  if (world.strikes(launcher, "launcher_died")) world.plan(world.now, deathCode, () => launcher.die());
}
