// What is wrong with a task inside something else, by the fields of a form that holds both? Pure.
import { formErrorsOf } from "../new-task/task-form.ts";

const prefix = "task.";

/** `task.limits.dollars` is of the task's field, `repositories.0` of the form's own. */
export function taskErrorsOf(errors: Record<string, string>): Record<string, string | undefined> {
  const entries = Object.entries(errors);
  const ofTask = entries.filter(([field]) => field.startsWith(prefix));
  const others = entries.filter(([field]) => !field.startsWith(prefix));
  return {
    ...formErrorsOf(Object.fromEntries(ofTask.map(([field, message]) => [field.slice(prefix.length), message]))),
    ...Object.fromEntries(others.map(([field, message]) => [field.split(".")[0] ?? field, message])),
  };
}
