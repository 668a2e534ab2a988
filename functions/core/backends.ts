// Where may sandboxes run? What a backend is, which ones this process may reach, and which can take a task now.
import { isLoopbackAddress } from "./addresses.ts";
import type { BackendRequest } from "./backend-requests.ts";

/** An ECS cluster, and how sandboxes are started on it. */
export interface EcsTarget {
  cluster: string;
  /** The family, never a revision: a pinned revision goes inactive after a deployment. */
  taskDefinition: string;
  /** Where it is not this process's own. */
  region?: string | undefined;
  /** Where it is not the region's own. */
  endpoint?: string | undefined;
  subnets: string[];
  securityGroups: string[];
  assignPublicIp: boolean;
}

export interface BackendSettings {
  /** By name. What is declared is what this process has the rights for. */
  declared: Record<string, EcsTarget>;
  /** `loopback`: also any endpoint on this machine. */
  open: "none" | "loopback";
}

const setting = "DROVER_BACKENDS";
/** Declared by the single settings of a stack, and there from its start. */
export const defaultBackend = "default";

export interface Backend {
  name: string;
  kind: "ecs";
  /** As it was when it was added; a declaration that says otherwise by now counts. */
  target: EcsTarget;
  /** Attempts at once, instead of the setting for all backends. */
  slots?: number;
  note?: string;
  /** Absent for the one that the stack came with. */
  createdAt?: number;
  createdBy: string;
  /** Kept for ever, so that its name is not taken by another by accident. */
  revokedAt?: number;
}

/** What the last check found. */
export interface BackendHealth {
  name: string;
  checkedAt: number;
  latencyMs: number;
  /** Why it could not be reached, in words; absent when it answered. */
  error?: string;
  /** It could not launch what it was asked for. */
  rest?: Rest;
}

/** Until then it is asked for no launch. */
export interface Rest {
  until: number;
  ms: number;
}

export interface KeptBackends {
  backends: Backend[];
  health: BackendHealth[];
}

export interface KnownBackend extends Backend {
  declared: boolean;
  /** Absent where this process may not reach it. */
  reach: EcsTarget | undefined;
  health?: BackendHealth;
}

/** Every backend that was ever there, by name. */
export function knownBackends({ backends, health }: KeptBackends, settings: BackendSettings): KnownBackend[] {
  const target = declarationOf(defaultBackend, settings);
  const isKept = backends.some(({ name }) => name === defaultBackend);
  const first: Backend[] =
    target && !isKept ? [{ name: defaultBackend, kind: "ecs", target, createdBy: "system:stack" }] : [];
  return [...first, ...backends]
    .map((backend) => {
      const declaration = declarationOf(backend.name, settings);
      return {
        ...backend,
        target: declaration ?? backend.target,
        declared: declaration !== undefined,
        reach: reachOf(backend, settings),
        health: health.find(({ name }) => name === backend.name),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names come from users, and every object has a constructor. */
export const declarationOf = (name: string, { declared }: BackendSettings): EcsTarget | undefined =>
  Object.hasOwn(declared, name) ? declared[name] : undefined;

/** A revoked one too: what still runs there is to be stopped. */
export function reachOf({ name, target }: Pick<Backend, "name" | "target">, settings: BackendSettings) {
  const declared = declarationOf(name, settings);
  if (declared) return declared;
  return settings.open === "loopback" && isOnLoopback(target.endpoint) ? target : undefined;
}

/** By its address: a name may lead anywhere tomorrow. */
export function isOnLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname, username, password } = new URL(endpoint);
  return username === "" && password === "" && isLoopbackAddress(hostname.replace(/^\[|\]$/g, ""));
}

/** An older finding does not hold tasks back: whoever should have looked again has not. */
const findingHoldsMs = 5 * 60_000;

const firstRestMs = 2_000;
const longestRestMs = 60_000;
/** Who waits comes back with a round of the reaper; one that fails then fails in a row. */
const inRowMs = 3 * 60_000;

/** The rest after a launch that failed: twice as long as the one before, if that is only just over. */
export function nextRest(last: Rest | undefined, now: number): Rest {
  // Several were under way at once, and all of them have failed.
  if (last && now < last.until) return last;
  const isInRow = last !== undefined && now - last.until < inRowMs;
  const ms = isInRow ? Math.min(longestRestMs, 2 * last.ms) : firstRestMs;
  return { until: now + ms, ms };
}

export type BackendState =
  | "usable"
  /** Its tasks wait, for as long as its rest takes. */
  | "resting"
  /** Its tasks wait. */
  | "unreachable"
  /** Its declaration is gone; tasks wait that were accepted before. */
  | "undeclared"
  | "revoked"
  | "unknown";

export function judgeBackend(backend: KnownBackend | undefined, now: number): BackendState {
  if (!backend) return "unknown";
  if (backend.revokedAt !== undefined) return "revoked";
  if (!backend.reach) return "undeclared";
  const { health } = backend;
  if (health?.error !== undefined && now - health.checkedAt < findingHoldsMs) return "unreachable";
  return health?.rest && now < health.rest.until ? "resting" : "usable";
}

export type Placement =
  | { kind: "placed"; target: EcsTarget }
  | { kind: "refused"; code: "invalid_request" | "backend_not_declared"; message: string };

/** Where a backend shall be that somebody wants to add, if this process may reach it there. */
export function placeBackend(
  { name, kind: _, slots: __, note: ___, ...asked }: BackendRequest,
  settings: BackendSettings,
): Placement {
  const declared = declarationOf(name, settings);
  const given = Object.keys(asked);
  if (declared && given.length === 0) return { kind: "placed", target: declared };
  if (declared) {
    const message = `Backend ${name} is declared, and its declaration says where it is: leave out ${given.join(", ")}.`;
    return { kind: "refused", code: "invalid_request", message };
  }
  const first = declarationOf(defaultBackend, settings);
  if (settings.open === "loopback" && first && isOnLoopback(asked.endpoint)) {
    return { kind: "placed", target: { ...first, region: undefined, ...asked } };
  }
  const remedy =
    settings.open === "loopback"
      ? "Name an `endpoint` on this machine by its address (http://127.0.0.1:…), or declare it"
      : "Declare it";
  const message =
    `Backend ${name} is not declared; declared are ${Object.keys(settings.declared).join(", ")}. ` +
    `${remedy} in the setting ${setting}, with the rights that it needs, and start drover again.`;
  return { kind: "refused", code: "backend_not_declared", message };
}

export type Refusal = { code: "backend_unknown" | "backend_revoked" | "backend_not_declared"; message: string };

/** Why no task may be sent to a backend. One that cannot be reached takes tasks: they wait. */
export function refuseBackend(name: string, backends: readonly KnownBackend[], now: number): Refusal | undefined {
  const named = backends.find((one) => one.name === name);
  const state = judgeBackend(named, now);
  const open = backends.filter((one) => one.revokedAt === undefined && one.reach).map((one) => one.name);
  const hint = `Those that take tasks are: ${open.join(", ") || "none"}. GET /api/orchestrator/backends tells more.`;
  switch (state) {
    case "usable":
    case "resting":
    case "unreachable":
      return undefined;
    case "unknown":
      return { code: "backend_unknown", message: `There is no backend ${name}. ${hint}` };
    case "revoked":
      return { code: "backend_revoked", message: `Backend ${name} was revoked: nothing new lands there. ${hint}` };
    case "undeclared":
      return {
        code: "backend_not_declared",
        message: `Backend ${name} is not declared any more in the setting ${setting}. ${hint}`,
      };
  }
}
