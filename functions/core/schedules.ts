// What is asked for again and again, and when?
import * as z from "zod";
import type { TaskId } from "./ids.ts";
import { type TaskRequest, taskRequest } from "./requests.ts";
import { sourceName } from "./sources.ts";

export type ScheduleId = `sch_${string}`;
export const isScheduleId = (text: string): text is ScheduleId => /^sch_[0-9A-HJKMNP-TV-Z]{26}$/.test(text);

/** Minute, hour, day, month, day of the week; or one word for that. Whether it ever comes is judged with its time zone. */
const cron = z
  .string()
  .trim()
  .max(200)
  .regex(/^(@(hourly|daily|weekly|monthly|yearly)|\S+(\s+\S+){4})$/, "is not like 0 3 * * 1-5, or @daily");
const timezone = z.string().min(1).max(64);
const task = taskRequest.omit({ notBefore: true });

export const scheduleRequest = z.strictObject({
  name: sourceName,
  cron,
  timezone: timezone.default("UTC"),
  task,
  paused: z.boolean().default(false),
});
export type ScheduleRequest = z.output<typeof scheduleRequest>;

export const scheduleEdit = z
  .strictObject({
    name: sourceName.optional(),
    cron: cron.optional(),
    timezone: timezone.optional(),
    task: task.optional(),
    paused: z.boolean().optional(),
  })
  .refine((edit) => Object.values(edit).some((value) => value !== undefined), "names nothing to change");
export type ScheduleEdit = z.output<typeof scheduleEdit>;

/** What became of the last time it was due. */
export type Firing = { dueAt: number; at: number } & (
  | { kind: "submitted"; taskId: TaskId }
  | { kind: "refused"; code: string; why: string }
);

export interface Schedule {
  scheduleId: ScheduleId;
  workspace: string;
  name: string;
  cron: string;
  timezone: string;
  task: TaskRequest;
  /** From 1, plus one with every edit and every firing; the optimistic lock. */
  version: number;
  /** When it is due; absent while it is paused. */
  nextAt?: number;
  lastOutcome?: Firing;
  createdBy: string;
  createdAt: number;
}

/** For whom its tasks are, whoever made it. */
export const ownerOf = ({ name }: Pick<Schedule, "name">): string => `schedule:${name}`;
