// What does the form show of a request that was made before, and what does the request become? Pure.
import { emptyForm, type TaskForm, type TaskRequest, toRequest, withoutEmpty } from "./task-form.ts";

const minuteMs = 60_000;

/** Not all of it has a field: {@link changeRequest} keeps the rest. */
export function toForm({ agent, limits, gates, yolo, pullRequest, ...request }: TaskRequest): TaskForm {
  const { repository, branch, credential, prompt, title, priority, labels, backend, maxAttempts, allowConfigChanges } =
    request;
  const isCustom = gates?.gates !== undefined;
  return {
    ...emptyForm,
    ...withoutEmpty({ repository, branch, credential, prompt, title, priority, labels, backend, maxAttempts }),
    ...withoutEmpty({ allowConfigChanges, rejections: limits?.rejections, base: pullRequest?.base }),
    ...(agent.kind === "command" ? { kind: agent.kind, command: sayCommand(agent.command) } : {}),
    ...(agent.kind === "model" ? modelFieldsOf(agent) : {}),
    ...withoutEmpty({ dollars: limits?.dollars, tokens: limits?.tokens, turns: limits?.turns }),
    ...(limits?.wallClockMs === undefined ? {} : { minutes: limits.wallClockMs / minuteMs }),
    ...(isCustom ? { profile: "custom", gates: gates.gates ?? [] } : withoutEmpty({ profile: gates?.profile })),
    ...(yolo ? { isYolo: true, yoloReason: yolo.reason } : {}),
    ...(pullRequest ? { wantsPullRequest: true, isDraft: pullRequest.draft ?? false } : {}),
  };
}

const modelFieldsOf = ({ type, model, skills, credential }: Extract<TaskRequest["agent"], { kind: "model" }>) =>
  withoutEmpty({ type, model, skills, modelCredential: credential });

/** Only what was changed in the form: what it does not show, or shows in other words, stays as it is. */
export function changeRequest(before: TaskRequest, form: TaskForm): TaskRequest {
  return merge(before, toRequest(toForm(before)), toRequest(form)) as TaskRequest;
}

function merge(before: unknown, shown: unknown, asked: unknown): unknown {
  if (JSON.stringify(shown) === JSON.stringify(asked)) return before;
  if (!isFields(before) || !isFields(shown) || !isFields(asked) || before.kind !== asked.kind) return asked;
  const names = Object.keys({ ...before, ...asked });
  return withoutEmpty(Object.fromEntries(names.map((name) => [name, merge(before[name], shown[name], asked[name])])));
}

/** A command that is none of the shell's is shown as one would type it there. */
export function sayCommand(command: readonly string[]): string {
  const [shell, option, script = ""] = command;
  if (shell === "sh" && option === "-c" && command.length === 3) return script;
  return command.map(quote).join(" ");
}

const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
