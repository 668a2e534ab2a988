// What if a route of the API forgot what it has to ask, or to hand on?
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source text
import { edit, mutant } from "./edit.ts";

const tasks = "functions/api/task-routes.ts";
const edits = "functions/api/edit-routes.ts";
const editTask = "functions/flows/edit-task.ts";

export const apiMutants = [
  mutant(
    "api: a caller's idempotency key is not handed on",
    edit(tasks, 'callersKey(context.req.valid("header")["idempotency-key"])', "callersKey(undefined)"),
  ),
  mutant(
    "api: everybody of a workspace may withdraw its tasks",
    edit(edits, "    requireOwn(key, found);\n    const { reason }", "    const { reason }"),
  ),
  mutant(
    "edit: whichever version was read",
    edit(editTask, "if (task.version !== version) throw staleVersion(task, version);", ""),
  ),
  mutant(
    "retry: it has no key",
    edit(editTask, "retryOf: taskId, idempotencyKey, idempotencyLifeMs }", "retryOf: taskId }"),
  ),
];
