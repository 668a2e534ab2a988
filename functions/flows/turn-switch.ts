// How does somebody stop, release, pause or resume a scope? One write turns its switch, and says so in the audit log.
import type { Cloud } from "../core/cloud.ts";
import { backendPool } from "../core/slots.ts";
import { applyAct, formatScope, type Scope, type Switch, type SwitchAct } from "../core/switches.ts";
import type { ActWrite } from "../core/table.ts";
import { type Act, recordAct } from "./record-act.ts";
import { letGo, wake } from "./wake.ts";

export type Turn = { kind: "turned"; now: Switch } | { kind: "unchanged"; now: Switch; why: string };

export const chainOf = (scope: Scope): string => (scope.kind === "workspace" ? formatScope(scope) : "global");

/** What changes together with a switch. Asked anew for every try. */
export type Alongside = () => Promise<ActWrite[]>;

/** Retries contention until its function ends, as a stop does. */
export async function turnSwitch(
  cloud: Cloud,
  scope: Scope,
  act: SwitchAct,
  by: string,
  reason: string,
  also: Alongside = async () => [],
): Promise<Turn> {
  let result: Turn | undefined;
  const decide = async (): Promise<Act | undefined> => {
    const now = await readSwitch(cloud, scope);
    const change = applyAct(now, act, by, reason, cloud.clock.now());
    if (change.kind === "unchanged") {
      result = { kind: "unchanged", now, why: change.why };
      return undefined;
    }
    result = { kind: "turned", now: change.next };
    const { generation, stopped, paused, yoloForbidden } = change.next;
    const data = { scope: formatScope(scope), reason, generation, stopped, paused, yoloForbidden };
    return { type: `switch_${act}`, data, writes: [{ kind: "switch", next: change.next }, ...(await also())] };
  };
  await recordAct(cloud, chainOf(scope), by, decide, { insists: true });
  if (!result) throw new Error(`switch ${formatScope(scope)} was not read`);
  if (act === "release" || act === "resume") await wakeSome(cloud, scope);
  return result;
}

export async function readSwitch(cloud: Cloud, scope: Scope): Promise<Switch> {
  const name = scope.kind === "global" ? "" : scope.name;
  return (await cloud.table.getSwitches({ workspace: name, backend: name }))[scope.kind];
}

/** What waited may run again. Never fails the turn, which is written: the reaper wakes whoever is not woken here. */
async function wakeSome(cloud: Cloud, scope: Scope): Promise<void> {
  const { global } = cloud.settings.limits;
  try {
    if (scope.kind === "backend") await letGo(cloud, backendPool(scope.name), global);
    const ready =
      scope.kind === "workspace"
        ? await cloud.table.readyHead(scope.name, global)
        : (await cloud.table.readyAfter("", global)).map(({ taskId }) => taskId);
    for (const taskId of ready) if (!(await wake(cloud, taskId))) return;
  } catch (error) {
    console.warn(`who may run again in ${formatScope(scope)} was not found out; the reaper will see to it`, error);
  }
}
