// How does a backend look through the API? With what its last check found, how old that is, and what runs on it.
import * as z from "zod";
import { type BackendHealth, judgeBackend, type KnownBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import type { Switch } from "../core/switches.ts";
import { readSwitch } from "../flows/turn-switch.ts";

/** `paused`: its tasks wait. `stopped`: it takes no task until it is released. `undeclared`: the setting lacks it. */
const states = ["open", "paused", "stopped", "revoked", "undeclared"] as const;

export const healthSchema = z
  .object({
    reachable: z.boolean(),
    checkedAt: z.string(),
    ageMs: z.int(),
    latencyMs: z.int(),
    error: z.string().optional(),
  })
  .meta({ id: "BackendHealth" });

export const backendSchema = z
  .object({
    name: z.string(),
    kind: z.literal("ecs"),
    state: z.enum(states),
    declared: z.boolean(),
    cluster: z.string(),
    taskDefinition: z.string(),
    region: z.string().optional(),
    endpoint: z.string().optional(),
    subnets: z.array(z.string()),
    securityGroups: z.array(z.string()),
    assignPublicIp: z.boolean(),
    /** Attempts at once; absent where the setting for all backends holds. */
    slots: z.int().optional(),
    note: z.string().optional(),
    /** Live attempts on it. */
    running: z.int(),
    generation: z.int(),
    /** Absent before the first check. */
    health: healthSchema.optional(),
    createdAt: z.string().optional(),
    createdBy: z.string(),
    revokedAt: z.string().optional(),
  })
  .meta({ id: "Backend" });

type BackendView = z.output<typeof backendSchema>;

export async function viewBackends(cloud: Cloud, backends: readonly KnownBackend[]): Promise<BackendView[]> {
  const held = await cloud.table.heldSlots("global");
  const attempts = await cloud.table.getAttempts(held.map(({ holder }) => holder));
  const live = attempts.filter(({ endedAt }) => endedAt === undefined);
  const view = async (backend: KnownBackend): Promise<BackendView> => {
    const { name, kind, target, slots, note, health, declared, createdAt, createdBy, revokedAt } = backend;
    const its = await readSwitch(cloud, { kind: "backend", name });
    const now = cloud.clock.now();
    return {
      ...{ name, kind, state: stateOf(backend, its, now), declared, ...target, slots, note },
      running: live.filter((attempt) => attempt.backend === name).length,
      generation: its.generation,
      ...(health ? { health: viewHealth(health, now) } : {}),
      ...{ createdAt: iso(createdAt), createdBy, revokedAt: iso(revokedAt) },
    };
  };
  return Promise.all(backends.map(view));
}

export const viewHealth = ({ checkedAt, latencyMs, error }: BackendHealth, now: number) => ({
  reachable: error === undefined,
  checkedAt: new Date(checkedAt).toISOString(),
  ageMs: Math.max(0, now - checkedAt),
  latencyMs,
  error,
});

function stateOf(backend: KnownBackend, { stopped, paused }: Switch, now: number): BackendView["state"] {
  const judged = judgeBackend(backend, now);
  if (judged === "revoked" || judged === "undeclared") return judged;
  return stopped ? "stopped" : paused ? "paused" : "open";
}

const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
