// How do API keys come and go? Each act is in the audit log of its workspace.
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { KeyId } from "../core/ids.ts";
import type { ApiKey } from "../core/table.ts";
import { recordAct } from "./record-act.ts";

/** `by` is the key that asked; a stack's first key makes itself. */
export async function createApiKey(cloud: Cloud, key: ApiKey, by: string = key.keyId): Promise<void> {
  const { keyId, name, principal, role, workspace } = key;
  await recordAct(cloud, `workspace:${workspace}`, by, () => ({
    type: "api_key_created",
    data: { keyId, name, principal, role },
    writes: [{ kind: "api_key", key }],
  }));
}

/** Throws `api_key_not_found`, or `forbidden` for a key that may more than `admin`; one that is revoked already stays as it is. */
export async function revokeApiKey(cloud: Cloud, workspace: string, keyId: KeyId, admin: ApiKey): Promise<ApiKey> {
  let revoked: ApiKey | undefined;
  await recordAct(cloud, `workspace:${workspace}`, admin.keyId, async () => {
    const key = await cloud.table.getApiKey(keyId);
    if (key?.workspace !== workspace)
      throw new DroverError("api_key_not_found", `Workspace ${workspace} has no key ${keyId}.`);
    if (key.role === "super_admin" && admin.role !== "super_admin") {
      const message = `${keyId} is a super admin's key, and ${admin.keyId} is none: ask a super admin to revoke it.`;
      throw new DroverError("forbidden", message);
    }
    revoked = key.revokedAt ? key : { ...key, revokedAt: cloud.clock.now() };
    if (key.revokedAt) return undefined;
    return { type: "api_key_revoked", data: { keyId, name: key.name }, writes: [{ kind: "api_key", key: revoked }] };
  });
  if (!revoked) throw new Error(`${keyId} was not read`);
  return revoked;
}
