// Which backends are there, and can they be reached? What a check finds is kept, so that a dispatch need not look.
import {
  type BackendHealth,
  type KnownBackend,
  knownBackends,
  nextRest,
  type Rest,
  refuseBackend,
} from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError, hasCode } from "../core/errors.ts";

const maxErrorCharacters = 300;

/** Revoked ones too. */
export async function readBackends(cloud: Cloud): Promise<KnownBackend[]> {
  return knownBackends(await cloud.table.listBackends(), cloud.settings.backends);
}

/** Throws `backend_not_found`. */
export async function findBackend(cloud: Cloud, name: string): Promise<KnownBackend> {
  const backend = (await readBackends(cloud)).find((one) => one.name === name);
  if (backend) return backend;
  throw new DroverError("backend_not_found", `There is no backend ${name}. GET /api/orchestrator/backends lists them.`);
}

/** Throws unless tasks may be sent there. */
export async function requireBackend(cloud: Cloud, name: string): Promise<void> {
  const refusal = refuseBackend(name, await readBackends(cloud), cloud.clock.now());
  if (refusal) throw new DroverError(refusal.code, refusal.message);
}

/** Throws when no backend answers that may take tasks. While one of them does, there is work that can be done. */
export async function probeBackends(cloud: Cloud): Promise<void> {
  const open = (await readBackends(cloud)).filter(({ revokedAt, reach }) => revokedAt === undefined && reach);
  await Promise.any(open.map(({ name }) => cloud.sandboxes(name).probe()));
}

/** Asks the backend now, and keeps what it found. A probe tells nothing of launches, so a `rest` goes on. */
export async function checkBackend(cloud: Cloud, name: string, rest?: Rest): Promise<BackendHealth> {
  const startedAt = cloud.clock.now();
  try {
    await cloud.sandboxes(name).probe();
    return await recordHealth(cloud, name, startedAt, undefined, rest);
  } catch (error) {
    if (!hasCode(error, "backend_unavailable")) throw error;
    return recordHealth(cloud, name, startedAt, error.message);
  }
}

export async function recordHealth(
  cloud: Cloud,
  name: string,
  startedAt: number,
  error?: string,
  rest?: Rest,
): Promise<BackendHealth> {
  const checkedAt = cloud.clock.now();
  const said = error === undefined ? {} : { error: error.slice(0, maxErrorCharacters).toWellFormed() };
  const health = { name, checkedAt, latencyMs: checkedAt - startedAt, ...said, ...(rest ? { rest } : {}) };
  await cloud.table.putBackendHealth(health);
  return health;
}

/** It had no room, or too many asked at once: the tasks that wait for it do not all find that out by a launch. */
export async function restBackend(cloud: Cloud, name: string): Promise<void> {
  const now = cloud.clock.now();
  const { health } = await cloud.table.listBackends();
  const last = health.find((one) => one.name === name);
  const rest = nextRest(last?.rest, now);
  if (rest !== last?.rest) await cloud.table.putBackendHealth({ latencyMs: 0, ...last, name, checkedAt: now, rest });
}
