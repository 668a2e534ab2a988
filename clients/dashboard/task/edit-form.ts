// What does the dialog show of a task that waits, and what does it ask to be changed? Pure: what stays as it is is not sent.
import type { paths, Task } from "../../client.ts";
import {
  type GateForm,
  gatesOf,
  type LimitForm,
  limitsOf,
  momentOf,
  numberOf,
  type TaskForm,
  type TurnForm,
  withoutEmpty,
} from "../new-task/task-form.ts";

type TaskEdit = paths["/api/orchestrator/tasks/{taskId}"]["patch"]["requestBody"]["content"]["application/json"];

export type EditForm = Pick<TaskForm, "title" | "prompt" | "labels"> & TurnForm & GateForm & LimitForm;

const minuteMs = 60_000;

export function toEditForm(task: Task): EditForm {
  const { title, prompt, priority, maxAttempts, notBefore, labels = [], allowConfigChanges = [] } = task;
  const { wallClockMs, microDollars, tokens = "", turns = "", rejections } = task.limits;
  const { profile, gates, chosenBy } = task.gates;
  return {
    ...{ title, prompt, priority, maxAttempts, labels, allowConfigChanges, tokens, turns, rejections },
    ...{ minutes: wallClockMs / minuteMs, dollars: microDollars === undefined ? "" : microDollars / 1_000_000 },
    profile: chosenBy === "agent_type" ? "" : profile,
    gates: profile === "custom" ? gates : [],
    notBefore: notBefore ? localOf(new Date(notBefore)) : "",
  };
}

/** Undefined when nothing is asked for. */
export function toEdit(task: Task, form: EditForm): TaskEdit | undefined {
  const before = toEditForm(task);
  const limits = changed(limitsOf(before), limitsOf(form));
  const changes = { ...changed(fieldsOf(before), fieldsOf(form)), ...(Object.keys(limits).length > 0 && { limits }) };
  return Object.keys(changes).length > 0 ? { version: task.version, ...changes } : undefined;
}

const fieldsOf = (form: EditForm) => ({
  ...{ title: form.title.trim(), prompt: form.prompt, labels: form.labels },
  allowConfigChanges: form.allowConfigChanges,
  ...withoutEmpty({
    priority: numberOf(form.priority),
    maxAttempts: numberOf(form.maxAttempts),
    gates: gatesOf(form),
    notBefore: momentOf(form.notBefore),
  }),
});

function changed<T extends object>(before: T, asked: T): Partial<T> {
  const isOther = (name: string) => JSON.stringify(before[name as keyof T]) !== JSON.stringify(asked[name as keyof T]);
  return Object.fromEntries(Object.entries(asked).filter(([name]) => isOther(name))) as Partial<T>;
}

/** As a field for a moment shows it, in the page's own time zone. */
function localOf(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * minuteMs);
  return local.toISOString().slice(0, 16);
}
