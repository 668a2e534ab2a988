// How do schedules come, change and go?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { isScheduleId, ownerOf, type Schedule, type ScheduleEdit, type ScheduleRequest } from "../core/schedules.ts";
import { nextRun } from "./next-run.ts";
import { recordAct } from "./record-act.ts";
import { submitTask } from "./submit-task.ts";

const maxSchedules = 200;

/** Throws `invalid_request` for a time that never comes, `name_taken`, `too_many_schedules`. */
export async function addSchedule(
  cloud: Cloud,
  by: string,
  workspace: string,
  { paused, ...asked }: ScheduleRequest,
): Promise<Schedule> {
  const now = cloud.clock.now();
  const nextAt = nextRun(asked, now);
  const schedule: Schedule = {
    ...asked,
    ...{ scheduleId: cloud.ids.schedule(), workspace, version: 1, createdBy: by, createdAt: now },
    ...(paused ? {} : { nextAt }),
  };
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    refuseExcess(schedule, await cloud.table.listSchedules(workspace));
    return { type: "schedule_added", data: describe(schedule), writes: [{ kind: "schedule", schedule }] };
  });
  return schedule;
}

/** Resumed, or at another time, it comes at the next time from now on: what was due while it was paused is not made up for. */
export async function editSchedule(
  cloud: Cloud,
  by: string,
  workspace: string,
  id: string,
  edit: ScheduleEdit,
): Promise<Schedule> {
  let edited: Schedule | undefined;
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    // Read anew for every try: a firing may have moved it.
    const before = await findSchedule(cloud, workspace, id);
    const schedule = applyEdit(before, edit, cloud.clock.now());
    if (schedule.name !== before.name) refuseExcess(schedule, await cloud.table.listSchedules(workspace));
    edited = schedule;
    return { type: "schedule_edited", data: describe(schedule), writes: [{ kind: "schedule", schedule }] };
  });
  if (!edited) throw new Error(`${id} was not read`);
  return edited;
}

function applyEdit(before: Schedule, { paused, ...changes }: ScheduleEdit, now: number): Schedule {
  const { nextAt, ...rest } = before;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const after: Schedule = { ...rest, ...given, version: before.version + 1 };
  const soonest = nextRun(after, now);
  if (paused ?? nextAt === undefined) return after;
  const isOtherTime = after.cron !== before.cron || after.timezone !== before.timezone;
  return { ...after, nextAt: nextAt === undefined || isOtherTime ? soonest : nextAt };
}

/** Its tasks go on. */
export async function removeSchedule(cloud: Cloud, by: string, workspace: string, id: string): Promise<void> {
  const schedule = await findSchedule(cloud, workspace, id);
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    const { scheduleId } = schedule;
    if (!(await cloud.table.getSchedule(workspace, scheduleId))) return undefined;
    const writes = [{ kind: "schedule_removed" as const, workspace, scheduleId }];
    return { type: "schedule_removed", data: describe(schedule), writes };
  });
}

/** Now, beside its times: also while it is paused. */
export async function runNow(cloud: Cloud, by: string, schedule: Schedule, idempotencyKey: string | undefined) {
  const principal = { keyId: by, principal: ownerOf(schedule), workspace: schedule.workspace };
  return submitTask(cloud, { principal, request: schedule.task, idempotencyKey });
}

/** Throws `schedule_not_found`. */
export async function findSchedule(cloud: Cloud, workspace: string, id: string): Promise<Schedule> {
  const schedule = isScheduleId(id) ? await cloud.table.getSchedule(workspace, id) : undefined;
  if (schedule) return schedule;
  throw new DroverError("schedule_not_found", `Workspace ${workspace} has no schedule ${id}.`);
}

function refuseExcess({ workspace, name, scheduleId }: Schedule, known: readonly Schedule[]): void {
  const others = known.filter((one) => one.scheduleId !== scheduleId);
  if (others.some((one) => one.name === name)) {
    throw new DroverError("name_taken", `Workspace ${workspace} has a schedule ${name} already. Choose another name.`);
  }
  if (others.length < maxSchedules) return;
  const message = `Workspace ${workspace} has ${others.length} schedules, which is all it may have. Remove one first.`;
  throw new DroverError("too_many_schedules", message);
}

/** For the audit log: not what is asked for, but of which repository and when. */
function describe({ scheduleId, name, cron, timezone, nextAt, task }: Schedule): Record<string, unknown> {
  return { scheduleId, name, cron, timezone, paused: nextAt === undefined, repository: task.repository };
}
