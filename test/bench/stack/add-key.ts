// Who asks in a bench whose cloud is not the one of its process? The holder of a key that is made for it.
import { createHash } from "node:crypto";
import { formatApiKey } from "../../../functions/api/auth.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import { createApiKey } from "../../../functions/flows/api-keys.ts";

const secret = "x".repeat(43);

export async function addKey(cloud: Cloud): Promise<string> {
  const keyId = cloud.ids.key();
  const secretHash = createHash("sha256").update(secret).digest("hex");
  const holder = { name: "bench", principal: "bench", workspace: "default", role: "super_admin" } as const;
  await createApiKey(cloud, { keyId, secretHash, createdAt: cloud.clock.now(), ...holder });
  return formatApiKey(keyId, secret);
}
