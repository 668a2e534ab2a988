// How does an admin add, change, revoke and bring back a backend? Each is an act of the global audit chain.
import type { BackendEdit, BackendRequest } from "../core/backend-requests.ts";
import { type Backend, type EcsTarget, type KnownBackend, placeBackend } from "../core/backends.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { Operation } from "../core/operations.ts";
import { backendPool } from "../core/slots.ts";
import type { ActWrite } from "../core/table.ts";
import { checkBackend, findBackend, readBackends } from "./backends.ts";
import { recordAct } from "./record-act.ts";
import { stopScope } from "./stop-scope.ts";
import { type Turn, turnSwitch } from "./turn-switch.ts";
import { letGo } from "./wake.ts";

/**
 * One that was revoked comes back under its name only where it was, and takes tasks once it is released as well.
 * Throws `backend_not_declared`, `backend_exists` or `backend_name_taken`.
 */
export async function addBackend(cloud: Cloud, asked: BackendRequest, by: string): Promise<KnownBackend> {
  const { name, kind, slots, note } = asked;
  const placement = placeBackend(asked, cloud.settings.backends);
  if (placement.kind === "refused") throw new DroverError(placement.code, placement.message);
  const { target } = placement;
  await recordAct(cloud, "global", by, async () => {
    const known = (await readBackends(cloud)).find((one) => one.name === name);
    if (known) refuseName(known, target);
    const backend: Backend = { name, kind, target, slots, note, createdAt: cloud.clock.now(), createdBy: by };
    const data = { name, kind, ...target, slots, note, wasRevoked: known !== undefined };
    return { type: "backend_added", data: withoutAbsent(data), writes: [{ kind: "backend", backend }] };
  });
  await checkBackend(cloud, name);
  return findBackend(cloud, name);
}

/**
 * Attempts that once ran on it are looked for by its name: at another place they would be missing, and count as gone.
 * A declaration may move it, since whoever declares it answers for that.
 */
function refuseName({ name, revokedAt, declared, target }: KnownBackend, wanted: EcsTarget): void {
  if (revokedAt === undefined) {
    throw new DroverError(
      "backend_exists",
      `There is a backend ${name} already. PATCH changes its limit and note; for another place choose another name.`,
    );
  }
  const isSame = (["cluster", "region", "endpoint"] as const).every((part) => target[part] === wanted[part]);
  if (declared || isSame) return;
  const place = [target.cluster, target.region, target.endpoint].filter(Boolean).join(", ");
  throw new DroverError(
    "backend_name_taken",
    `The name ${name} belongs to a backend that was revoked (${place}), and can be used for that one only. Choose another.`,
  );
}

/** What runs now keeps its slots: a limit holds for what is claimed from now on. */
export async function changeBackend(cloud: Cloud, name: string, edit: BackendEdit, by: string): Promise<KnownBackend> {
  await recordAct(cloud, "global", by, async () => {
    const backend = toKept(await findBackend(cloud, name));
    const { slots = backend.slots, note = backend.note } = edit;
    const next: Backend = { ...backend, slots: slots ?? undefined, note };
    const data = withoutAbsent({ name, ...edit });
    return { type: "backend_changed", data, writes: [{ kind: "backend", backend: next }] };
  });
  await letGo(cloud, backendPool(name), cloud.settings.limits.global);
  return findBackend(cloud, name);
}

/** A stop of its scope: what it has is fenced by the same write, then killed. Again and again, if somebody asks so. */
export function revokeBackend(
  cloud: Cloud,
  name: string,
  by: string,
  reason: string,
  deadline: number,
): Promise<Operation> {
  return stopScope(cloud, { kind: "backend", name }, by, reason, deadline, async (): Promise<ActWrite[]> => {
    const { revokedAt = cloud.clock.now(), ...backend } = toKept(await findBackend(cloud, name));
    return [{ kind: "backend", backend: { ...backend, revokedAt } }];
  });
}

/** Takes tasks again; one that was revoked is back as it was. What was admitted before the stop stays fenced. */
export function releaseBackend(cloud: Cloud, name: string, by: string, reason: string): Promise<Turn> {
  return turnSwitch(cloud, { kind: "backend", name }, "release", by, reason, async (): Promise<ActWrite[]> => {
    const { revokedAt, ...backend } = toKept(await findBackend(cloud, name));
    return revokedAt === undefined ? [] : [{ kind: "backend", backend }];
  });
}

/** What stands in the table of it. */
function toKept({ declared: _, reach: __, health: ___, ...backend }: KnownBackend): Backend {
  return backend;
}

const withoutAbsent = (data: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
