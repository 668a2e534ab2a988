// Which key signs the digests of the audit log? An Ed25519 pair in SSM, read only by those who need it, when they do.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { AuditKey } from "../core/cloud.ts";
import { signHash } from "../core/digest.ts";
import { getSecret, putSecret } from "./parameters.ts";

/** Apart from the public one: only the reaper needs the right to read this. */
const privateKeyName = (prefix: string) => `${prefix}/audit-key`;
const publicKeyName = (prefix: string) => `${prefix}/audit-public-key`;

export function openAuditKey(ssm: SSMClient, prefix: string): AuditKey {
  const readOnce = (name: string) => {
    let known: string | undefined;
    return async () => {
      known ??= await getSecret(ssm, name);
      if (!known) throw new Error(`SSM parameter ${name} does not exist; the audit log cannot be signed without it.`);
      return known;
    };
  };
  const privateKey = readOnce(privateKeyName(prefix));
  return {
    publicKey: readOnce(publicKeyName(prefix)),
    sign: async (hash) => signHash(await privateKey(), hash),
  };
}

/** Makes the pair where there is none. The private one first: the public one can be made from it again. */
export async function ensureAuditKey(ssm: SSMClient, prefix: string): Promise<void> {
  if (await getSecret(ssm, publicKeyName(prefix))) return;
  let privateKey = await getSecret(ssm, privateKeyName(prefix));
  if (!privateKey) {
    const pair = generateKeyPairSync("ed25519");
    privateKey = pair.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
    await putSecret(ssm, privateKeyName(prefix), privateKey);
  }
  const key = createPrivateKey({ key: Buffer.from(privateKey, "base64"), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).toString("base64");
  await putSecret(ssm, publicKeyName(prefix), publicKey);
}
