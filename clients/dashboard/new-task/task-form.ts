// What does the form hold, and what is asked for with it? Pure: a field that is left empty is left out.
import type { paths } from "../../client.ts";

export type TaskRequest = NonNullable<
  paths["/api/orchestrator/tasks"]["post"]["requestBody"]
>["content"]["application/json"];

/** A type, since a form of any fields takes no interface. */
export type TaskForm = {
  repository: string;
  branch: string;
  credential: string;
  kind: "model" | "command";
  command: string;
  type: "worker" | "reviewer" | "tester";
  model: string;
  modelCredential: string;
  skills: string[];
  prompt: string;
  title: string;
  priority: number | string;
  labels: string[];
  backend: string;
  notBefore: string;
  maxAttempts: number | string;
  profile: string;
  gates: string[];
  allowConfigChanges: string[];
  isYolo: boolean;
  yoloReason: string;
  dollars: number | string;
  tokens: number | string;
  turns: number | string;
  rejections: number | string;
  minutes: number | string;
  wantsPullRequest: boolean;
  base: string;
  isDraft: boolean;
};

export type GateForm = Pick<TaskForm, "profile" | "gates" | "allowConfigChanges">;
export type LimitForm = Pick<TaskForm, "dollars" | "tokens" | "turns" | "rejections" | "minutes">;
export type TurnForm = Pick<TaskForm, "priority" | "maxAttempts" | "notBefore">;

export const emptyForm: TaskForm = {
  ...{ repository: "", branch: "", credential: "", kind: "model", command: "", type: "worker", model: "", skills: [] },
  ...{ modelCredential: "", allowConfigChanges: [], rejections: "", base: "" },
  ...{ prompt: "", title: "", priority: 5, labels: [], backend: "default", notBefore: "", maxAttempts: "" },
  ...{ profile: "", gates: [], isYolo: false, yoloReason: "", dollars: "", tokens: "", turns: "", minutes: "" },
  ...{ wantsPullRequest: false, isDraft: false },
};

/** What the page itself can tell before anything is sent. */
export const taskRules = {
  repository: (value: string) => (value.trim() ? null : "Say where the code is"),
  prompt: (value: string) => (value.trim() ? null : "Say in words what the task is for; it becomes the commit message"),
  command: (value: string, { kind }: TaskForm) => (kind === "command" && !value.trim() ? "Say what to run" : null),
  yoloReason: (value: string, { isYolo }: TaskForm) =>
    isYolo && !value.trim() ? "Say why the gates are skipped" : null,
};

const minuteMs = 60_000;

export const limitsOf = (form: LimitForm) =>
  withoutEmpty({
    dollars: numberOf(form.dollars),
    tokens: numberOf(form.tokens),
    turns: numberOf(form.turns),
    rejections: numberOf(form.rejections),
    wallClockMs: form.minutes === "" ? undefined : Math.round(Number(form.minutes) * minuteMs),
  });

export function gatesOf({ profile, gates }: Pick<GateForm, "profile" | "gates">): TaskRequest["gates"] {
  if (profile === "custom") return { gates };
  return profile ? { profile } : undefined;
}

/** Of the page's own time zone. */
export const momentOf = (local: string) => local && new Date(local).toISOString();

export function toRequest(form: TaskForm): TaskRequest {
  const gates = gatesOf(form);
  return {
    repository: form.repository.trim(),
    prompt: form.prompt,
    priority: Number(form.priority),
    agent: agentOf(form),
    limits: limitsOf(form),
    ...withoutEmpty({
      branch: form.branch.trim(),
      credential: form.credential.trim(),
      title: form.title.trim(),
      labels: form.labels.length > 0 ? form.labels : undefined,
      backend: form.backend,
      notBefore: momentOf(form.notBefore),
      maxAttempts: numberOf(form.maxAttempts),
      allowConfigChanges: form.allowConfigChanges.length > 0 ? form.allowConfigChanges : undefined,
    }),
    ...(gates ? { gates } : {}),
    ...(form.isYolo ? { yolo: { reason: form.yoloReason } } : {}),
    ...(form.wantsPullRequest
      ? { pullRequest: withoutEmpty({ draft: form.isDraft || undefined, base: form.base.trim() }) }
      : {}),
  };
}

/** Without what only an issue knows. */
export function toTemplate(form: TaskForm) {
  const { repository: _, prompt: __, title: ___, notBefore: ____, ...template } = toRequest(form);
  return template;
}

/** A command as a shell reads it: pipes and quotes mean what they mean in a terminal. */
function agentOf({ kind, command, type, model, modelCredential, skills }: TaskForm): TaskRequest["agent"] {
  if (kind === "command") return { kind, command: ["sh", "-c", command] };
  const named = withoutEmpty({ model: model.trim(), credential: modelCredential.trim() });
  return { kind, type, ...named, ...(skills.length > 0 && { skills }) };
}

/** Which field of the form an error of the API belongs to. */
export function formErrorsOf(errors: Record<string, string>): Partial<Record<keyof TaskForm, string>> {
  const found: Partial<Record<keyof TaskForm, string>> = {};
  for (const [field, message] of Object.entries(errors)) {
    const [first = "", second = ""] = field.split(".");
    const name = names[`${first}.${second}`] ?? names[first] ?? (first in emptyForm ? first : undefined);
    if (name) found[name as keyof TaskForm] = message;
  }
  return found;
}

const names: Record<string, keyof TaskForm> = {
  "agent.command": "command",
  "agent.model": "model",
  "agent.credential": "modelCredential",
  "agent.skills": "skills",
  "agent.type": "type",
  "limits.dollars": "dollars",
  "limits.tokens": "tokens",
  "limits.turns": "turns",
  "limits.rejections": "rejections",
  "pullRequest.base": "base",
  "limits.wallClockMs": "minutes",
  "yolo.reason": "yoloReason",
  "gates.profile": "profile",
  gates: "gates",
};

export const numberOf = (value: number | string) => (value === "" ? undefined : Number(value));

export function withoutEmpty<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined | ""> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined | ""> };
}
