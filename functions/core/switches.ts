// What may stop or hold back many tasks at once? A switch for all, for a workspace, for a backend.
import type { Generations, KillCause, Task } from "./task.ts";

export type Scope = { kind: "global" } | { kind: "workspace"; name: string } | { kind: "backend"; name: string };

export interface Switch {
  /** As `formatScope` writes it. */
  scope: string;
  /** Plus one at every stop, never reset: a task is fenced once it was admitted under a smaller one. */
  generation: number;
  /** Nothing is admitted until somebody releases it. */
  stopped: boolean;
  /** Tasks are accepted and wait. */
  paused: boolean;
  /** No task may ask for its gates to be skipped. */
  yoloForbidden?: boolean;
  /** The last turn of any kind. */
  by?: string;
  reason?: string;
  at?: number;
  /** The last stop, kept through every later turn: whoever releases does not answer for its kills. */
  stoppedBy?: string;
  stopReason?: string;
  stoppedAt?: number;
}

export interface Switches {
  global: Switch;
  workspace: Switch;
  backend: Switch;
}

export const formatScope = (scope: Scope): string =>
  scope.kind === "global" ? "global" : `${scope.kind}:${scope.name}`;

export function parseScope(text: string): Scope {
  const [kind, name] = [text.split(":", 1)[0], text.slice(text.indexOf(":") + 1)];
  if (kind === "workspace" || kind === "backend") return { kind, name };
  return { kind: "global" };
}

/** A switch that nobody has touched has no item. */
export const untouched = (scope: Scope): Switch => ({
  scope: formatScope(scope),
  generation: 0,
  stopped: false,
  paused: false,
});

export const scopesOf = (task: Pick<Task, "workspace" | "backend">): Record<keyof Switches, Scope> => ({
  global: { kind: "global" },
  workspace: { kind: "workspace", name: task.workspace },
  backend: { kind: "backend", name: task.backend },
});

export const generationsOf = ({ global, workspace, backend }: Switches): Generations => ({
  global: global.generation,
  workspace: workspace.generation,
  backend: backend.generation,
});

export const findStopped = (switches: Switches): Switch | undefined =>
  Object.values(switches).find((one: Switch) => one.stopped);

export const sayStopped = ({ scope, stoppedBy = "somebody", stopReason = "nobody said why" }: Switch): string =>
  `${scope} was stopped by ${stoppedBy} (${stopReason})`;

export const findPaused = (switches: Switches): Switch | undefined =>
  Object.values(switches).find((one: Switch) => one.paused);

/** Was the task admitted before a stop that covers it? Then nothing it does counts any more. */
export function isFenced(task: Task, switches: Switches): boolean {
  const { global, workspace, backend } = task.admitted;
  return (
    global !== switches.global.generation ||
    workspace !== switches.workspace.generation ||
    backend !== switches.backend.generation
  );
}

export const causeOfStop: Record<Scope["kind"], KillCause> = {
  global: "emergency_stop",
  workspace: "kill_all",
  backend: "backend_revoked",
};

/** A task asks to skip its gates: which switch forbids that? */
export const findYoloForbidden = (switches: Switches): Switch | undefined =>
  Object.values(switches).find((one: Switch) => one.yoloForbidden);

export type SwitchAct = "stop" | "release" | "pause" | "resume" | "forbid-yolo" | "allow-yolo";

export type SwitchChange = { kind: "changed"; next: Switch } | { kind: "unchanged"; why: string };

/** The switch after an act. A second stop raises the generation again: it covers what was admitted in between. */
export function applyAct(now: Switch, act: SwitchAct, by: string, reason: string, at: number): SwitchChange {
  const signed = { by, reason, at };
  switch (act) {
    case "stop": {
      const stop = { stoppedBy: by, stopReason: reason, stoppedAt: at };
      return { kind: "changed", next: { ...now, ...signed, ...stop, generation: now.generation + 1, stopped: true } };
    }
    case "release":
      if (!now.stopped) return { kind: "unchanged", why: `${now.scope} is not stopped` };
      return { kind: "changed", next: { ...now, ...signed, stopped: false } };
    case "pause":
      if (now.paused) return { kind: "unchanged", why: `${now.scope} is already paused` };
      return { kind: "changed", next: { ...now, ...signed, paused: true } };
    case "resume":
      if (!now.paused) return { kind: "unchanged", why: `${now.scope} is not paused` };
      return { kind: "changed", next: { ...now, ...signed, paused: false } };
    case "forbid-yolo":
      if (now.yoloForbidden) return { kind: "unchanged", why: `${now.scope} forbids it already` };
      return { kind: "changed", next: { ...now, ...signed, yoloForbidden: true } };
    case "allow-yolo":
      if (!now.yoloForbidden) return { kind: "unchanged", why: `${now.scope} does not forbid it` };
      return { kind: "changed", next: { ...now, ...signed, yoloForbidden: false } };
  }
}
