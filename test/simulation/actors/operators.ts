// What do operators do? In some schedules one stops or pauses everything in a scope, and lets it go again later.
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { Scope } from "../../../functions/core/switches.ts";
import { isLive, type Task } from "../../../functions/core/task.ts";
import { releaseBackend, revokeBackend } from "../../../functions/flows/manage-backends.ts";
import { putBackLive } from "../../../functions/flows/put-back-live.ts";
import { stopScope } from "../../../functions/flows/stop-scope.ts";
import { turnSwitch } from "../../../functions/flows/turn-switch.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import type { Swarm } from "../swarm.ts";
import { awaitFunction } from "./ambush.ts";
import { stopByUrl } from "./break-glass.ts";
import { insist } from "./request.ts";
import { endSandbox } from "./sandbox-life.ts";

/** How long one request goes on killing before it leaves the rest to the reaper. */
const stopPatienceMs = 10_000;
const scopes: readonly Scope[] = [
  { kind: "global" },
  { kind: "workspace", name: "red" },
  { kind: "workspace", name: "blue" },
  { kind: "backend", name: "default" },
];
const by = "key:operator";
const askAgainMs = 3_000;
/** By then the crowd is there. */
const haltsAtMs = 4_000;

export function addOperator(stage: Stage): void {
  const { swarm } = stage.world;
  if (swarm.operator === "none" || (swarm.isCalm && swarm.operator === "restarts")) return;
  for (let n = 0; n < swarm.operators; n += 1) {
    const operator = stage.world.begin("operator");
    stage.usersAtWork += 1;
    operator.run(
      () => deeds[swarm.operator](stage, operator),
      () => {
        stage.usersAtWork -= 1;
      },
    );
  }
}

async function stopAndRelease(stage: Stage, operator: Activity): Promise<void> {
  const scope = drawScope(stage);
  await operator.sleep(operator.random.between(10_000, stage.world.swarm.isCalm ? 60_000 : 120_000));
  if (operator.random.next() < 0.5) await awaitFunction(stage, operator, "dispatcher");
  hideOne(stage, operator, scope);
  if (operator.random.next() < 0.15) await insistByUrl(stage, operator, scope);
  else await insist(stage, operator, "stop-scope", (cloud) => stop(cloud, scope));
  await operator.sleep(operator.random.between(5_000, 60_000));
  await insist(stage, operator, "release", (cloud) =>
    scope.kind === "backend"
      ? releaseBackend(cloud, scope.name, by, "go on")
      : turnSwitch(cloud, scope, "release", by, "go on"),
  );
}

/** A backend is stopped by revoking it, and in no other way. */
function stop(cloud: Cloud, scope: Scope): Promise<unknown> {
  const deadline = cloud.clock.now() + stopPatienceMs;
  if (scope.kind === "backend") return revokeBackend(cloud, scope.name, by, "enough", deadline);
  return stopScope(cloud, scope, by, "enough", deadline);
}

/** Whoever kills what the stop covers meets one that it cannot read, and goes on without it. */
function hideOne({ world, table, unreadableUntil }: Stage, operator: Activity, scope: Scope): void {
  if (!world.strikes(operator, "task_unreadable")) return;
  const isCovered = ({ workspace, status }: Task) =>
    isLive(status) && (scope.kind !== "workspace" || scope.name === workspace);
  const covered = [...table.rows.values()].filter(({ task }) => isCovered(task));
  const one = covered[operator.random.between(0, Math.max(0, covered.length - 1))];
  if (one) unreadableUntil.set(one.task.taskId, world.now + operator.random.between(15_000, 60_000));
}

async function insistByUrl(stage: Stage, operator: Activity, scope: Scope): Promise<void> {
  for (;;) {
    const answer = await stopByUrl(stage, operator, scope);
    if (answer.kind === "refused") stage.world.fail("stop_refused", `a stop was refused: ${answer.code}`);
    if (answer.kind !== "no_answer") return;
    await operator.sleep(askAgainMs);
  }
}

async function pauseAndResume(stage: Stage, operator: Activity): Promise<void> {
  const scope = drawScope(stage);
  const turn = (act: "pause" | "resume") =>
    insist(stage, operator, act, (cloud) => turnSwitch(cloud, scope, act, by, "a moment"));
  await operator.sleep(operator.random.between(0, 100_000));
  await turn("pause");
  await operator.sleep(operator.random.between(5_000, 60_000));
  await turn("resume");
}

/** Nothing of it has begun, and the request that stops it has no time for a kill. */
async function halt(stage: Stage, operator: Activity): Promise<void> {
  const scope = { kind: "workspace", name: "red" } as const;
  const turn = (act: "pause" | "release" | "resume") =>
    insist(stage, operator, act, (cloud) => turnSwitch(cloud, scope, act, by, "a moment"));
  await turn("pause");
  await operator.sleep(haltsAtMs);
  await insist(stage, operator, "stop-scope", (cloud) => stopScope(cloud, scope, by, "enough", cloud.clock.now()));
  await operator.sleep(operator.random.between(40_000, 90_000));
  await turn("release");
  await turn("resume");
}

/** Two operators mean the same. */
const drawScope = ({ world }: Stage): Scope => scopes[world.seed % scopes.length] ?? { kind: "global" };

/** The one machine that everything runs on is shut down: what lives goes back to the queue, then its sandboxes end. */
async function restart(stage: Stage, operator: Activity): Promise<void> {
  await operator.sleep(operator.random.between(10_000, 120_000));
  if (operator.random.next() < 0.5) await awaitFunction(stage, operator, "publisher");
  await insist(stage, operator, "put-back", (cloud) => putBackLive(cloud, "the machine is shut down"));
  for (const sandbox of stage.ecs.alive()) endSandbox(stage, sandbox, "the machine was shut down");
}

const deeds: Record<Swarm["operator"], (stage: Stage, operator: Activity) => Promise<void>> = {
  none: async () => undefined,
  stops: stopAndRelease,
  pauses: pauseAndResume,
  restarts: restart,
  halts: halt,
};
