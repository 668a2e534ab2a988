// Is this RunTask call one that was made before?
import { createHash } from "node:crypto";
import { AwsError } from "../aws-json.ts";
import { arnOf } from "./arns.ts";
import type { Ecs } from "./context.ts";
import type { TaskRecord } from "./task.ts";

const tokenLifeMs = 24 * 60 * 60 * 1000;

/**
 * The records of the call that used this token first, if it still counts: for 24 h, or until its tasks are forgotten
 * (on AWS: the task's lifetime and one hour more). Read from the tasks themselves, so it holds across a restart.
 */
export function findEarlierLaunch(ecs: Ecs, clientToken: string, requestHash: string): TaskRecord[] | undefined {
  const records = [...ecs.tasks.values()]
    .map((task) => task.record)
    .filter(({ launch, createdAt }) => launch?.clientToken === clientToken && ecs.now() - createdAt < tokenLifeMs);
  if (records.length === 0) return undefined;
  if (records.every((record) => record.launch?.requestHash === requestHash)) return records;
  throw new AwsError("ConflictException", "The clientToken was used before with other parameters.", {
    resourceIds: records.map((record) => arnOf(ecs.cluster, "task", record.id)),
  });
}

/** The same for the same parameters, in whatever order their keys come. */
export function hashRequest(input: Record<string, unknown>): string {
  return createHash("sha256").update(JSON.stringify(input, sortKeys)).digest("hex");
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
