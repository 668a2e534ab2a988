// How does a sandbox live and die? It starts late or never, and ECS tells of its end late, twice, or not at all.
import type { Cloud } from "../../../functions/core/cloud.ts";
import { readSandboxEnd } from "../../../functions/core/state-change.ts";
import { confirmStop } from "../../../functions/flows/confirm-stop.ts";
import type { Sandbox } from "../cloud/ecs-state.ts";
import { openSimCloud } from "../cloud/sim-cloud.ts";
import type { Activity } from "../engine/activity.ts";
import { expectCleanup } from "../invariants/calm.ts";
import type { Stage } from "../stage.ts";
import { startSupervisor } from "./supervisor.ts";

const code = { start: 4, stop: 5, event: 6 };
const eventTries = 3;

/** ECS takes the launch, and then has no room for it after all. */
const noRoom = "TaskFailedToStart; Capacity is unavailable at this time";

export function startLife(stage: Stage, launcher: Activity, sandbox: Sandbox, failsToStart = false): void {
  const { world } = stage;
  if (world.strikes(launcher, "launch_stuck")) return;
  if (failsToStart || world.strikes(launcher, "launch_failed")) {
    const failsAt = world.now + launcher.random.between(2_000, 40_000);
    world.plan(failsAt, code.start, () => endSandbox(stage, sandbox, noRoom));
    return;
  }
  world.plan(world.now + launcher.random.between(2_000, 40_000), code.start, () => {
    if (sandbox.state !== "provisioning") return;
    sandbox.state = "running";
    world.say(sandbox.sandboxArn, `runs for ${sandbox.agentId}`);
    startSupervisor(stage, sandbox);
  });
}

/** StopTask: asked, not done. */
export function askToStop(stage: Stage, caller: Activity, sandboxArn: string, why: string): void {
  const { world } = stage;
  const sandbox = stage.ecs.sandboxes.get(sandboxArn);
  if (!sandbox || sandbox.state === "stopped" || sandbox.state === "stopping") return;
  if (world.strikes(caller, "stop_ignored")) return;
  sandbox.state = "stopping";
  const graceMs = world.strikes(caller, "stop_slow") ? caller.random.between(10_000, 60_000) : 2_000;
  world.plan(world.now + graceMs, code.stop, () => endSandbox(stage, sandbox, why));
}

/** The processes are gone; the news of it is on its way. */
export function endSandbox(stage: Stage, sandbox: Sandbox, why: string): void {
  if (sandbox.state === "stopped") return;
  const { world } = stage;
  sandbox.state = "stopped";
  sandbox.stoppedAt = world.trueTime;
  sandbox.why = why;
  world.say(sandbox.sandboxArn, `stopped: ${why}`);
  for (const process of stage.processes.get(sandbox.sandboxArn) ?? []) process.die();
  expectCleanup(stage, sandbox.agentId);
  const bus = world.begin("event bus");
  if (world.strikes(bus, "event_dropped")) return;
  const copies = world.strikes(bus, "event_duplicated") ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    const delayMs = world.strikes(bus, "event_delayed") ? bus.random.between(5_000, 120_000) : 500;
    world.plan(world.now + delayMs, code.event, () => deliver(stage, sandbox, 1));
  }
}

/** What the entry point of production does with the event. */
async function hearOf(cloud: Cloud, { agentId, why }: Sandbox): Promise<void> {
  const detail = { lastStatus: "STOPPED", startedBy: agentId, stoppedReason: why };
  const end = readSandboxEnd({ detail });
  if (end) await confirmStop(cloud, end.agentId, end.why);
}

/** As EventBridge calls a function: again when it failed, a few times. */
function deliver(stage: Stage, sandbox: Sandbox, attempt: number): void {
  const { world } = stage;
  const activity = world.begin("sandbox-state");
  const again = () => {
    if (attempt < eventTries) world.plan(world.now + 60_000, code.event, () => deliver(stage, sandbox, attempt + 1));
  };
  activity.onDeath = again;
  const cloud = openSimCloud(stage, activity);
  activity.run(
    () => hearOf(cloud, sandbox),
    (outcome) => {
      if ("error" in outcome) again();
    },
  );
}
