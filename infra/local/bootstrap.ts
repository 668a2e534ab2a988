// What must exist before the first request? The table, the secret that signs tokens, and one API key.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ResourceInUseException } from "@aws-sdk/client-dynamodb";
import { SSMClient } from "@aws-sdk/client-ssm";
import { ulid } from "ulid";
import { formatApiKey, hashSecret } from "../../functions/api/auth.ts";
import { ensureAuditKey } from "../../functions/aws/audit-key.ts";
import { getSecret, putSecret } from "../../functions/aws/parameters.ts";
import { tableDefinition } from "../../functions/aws/table-definition.ts";
import { cloudOfThisProcess, tokenSecretName } from "../../functions/cloud.ts";
import type { KeyId } from "../../functions/core/ids.ts";
import { credentialToken } from "../../functions/core/requests.ts";
import { createApiKey } from "../../functions/flows/api-keys.ts";
import { writeAtomically } from "./atomic-file.ts";
import { SetUpError } from "./data-dir.ts";

export async function createTable(tableName: string): Promise<void> {
  try {
    await new DynamoDBClient().send(new CreateTableCommand({ ...tableDefinition, TableName: tableName }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error; // It exists: a restart.
  }
}

/** Beside it the pair of keys that signs the audit log's digests, which nobody asks for by hand. */
export async function ensureTokenSecret(prefix: string): Promise<string> {
  const ssm = new SSMClient();
  await ensureAuditKey(ssm, prefix);
  const known = await getSecret(ssm, tokenSecretName(prefix));
  if (known) return known;
  const secret = randomBytes(32).toString("base64url");
  await putSecret(ssm, tokenSecretName(prefix), secret);
  return secret;
}

/** Answers false when there is one already: what was set through the API is not replaced. */
export async function adoptModelKey(key: { token: string; baseUrl?: string }): Promise<boolean> {
  const { credentials } = await cloudOfThisProcess();
  if (await credentials.get("default", "anthropic")) return false;
  const { baseUrl } = key;
  const token = credentialToken.safeParse(key.token);
  if (!token.success) throw new SetUpError(`The key in ANTHROPIC_API_KEY ${token.error.issues[0]?.message}.`);
  const model = { provider: "anthropic", ...(baseUrl ? { baseUrl } : {}) } as const;
  await credentials.put("default", "anthropic", { username: "x-access-token", token: token.data, model });
  return true;
}

/** A key that may do everything, for whoever can write to the table anyway; of which the table keeps the hash only. */
export async function createFirstKey(name: string): Promise<string> {
  const keyId: KeyId = `key_${ulid()}`;
  const secret = randomBytes(32).toString("base64url");
  const cloud = await cloudOfThisProcess();
  await createApiKey(cloud, {
    keyId,
    name,
    principal: name,
    secretHash: hashSecret(secret),
    workspace: "default",
    role: "super_admin",
    createdAt: cloud.clock.now(),
  });
  return formatApiKey(keyId, secret);
}

/** The local key, written to `<dataDir>/api-key` (0600) at the first start. */
export async function ensureApiKey(dataDir: string): Promise<string> {
  const file = join(dataDir, "api-key");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const apiKey = await createFirstKey("local");
  // Last, so that a key which is shown is one that works.
  await writeAtomically(file, [Buffer.from(`${apiKey}\n`)]);
  return apiKey;
}

/** For clients on this machine, beside the key; a clean end takes it away. */
export async function leaveAddress(dataDir: string, url: string): Promise<{ close(): Promise<void> }> {
  const file = join(dataDir, "url");
  await writeAtomically(file, [Buffer.from(`${url}\n`)]);
  return { close: async () => rmSync(file, { force: true }) };
}
