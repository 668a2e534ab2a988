// Which backends can be reached? Each is looked at now and then, and what waited for one that can be again is let go.
import { judgeBackend, type KnownBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import { backendPool } from "../core/slots.ts";
import { checkBackend } from "./backends.ts";
import type { Round } from "./round.ts";
import { letGo } from "./wake.ts";

const checkEveryMs = 30_000;

export async function tendBackends(cloud: Cloud, round: Round): Promise<void> {
  const checked = await Promise.all((await round.backends()).map((backend) => checkNowAndThen(cloud, backend)));
  for (const { name, health } of checked) if (health?.error !== undefined) round.silent.add(name);
  const free = cloud.settings.limits.global - (await round.holders()).length;
  if (free <= 0) return;
  for (const backend of checked) {
    if (judgeBackend(backend, cloud.clock.now()) !== "usable") continue;
    const pool = backendPool(backend.name);
    if ((await cloud.table.heldAfter(pool, "", 1)).length === 0) continue;
    const switches = await cloud.table.getSwitches({ workspace: "", backend: backend.name });
    if (!switches.backend.paused) await letGo(cloud, pool, free);
  }
}

async function checkNowAndThen(cloud: Cloud, backend: KnownBackend): Promise<KnownBackend> {
  const { name, health } = backend;
  if (health && cloud.clock.now() - health.checkedAt < checkEveryMs) return backend;
  return { ...backend, health: await checkBackend(cloud, name, health?.rest) };
}
