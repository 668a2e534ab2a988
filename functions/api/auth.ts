// Who is calling? The holder of an API key, of which the table knows the hash only, or of a session that a key has begun.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, Next } from "hono";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { KeyId } from "../core/ids.ts";
import type { ApiKey } from "../core/table.ts";
import { limitRate } from "../flows/limit-rate.ts";
import { readSession, type Session } from "./session.ts";

const keyForm = /^drv_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})$/;

export const hashSecret = (secret: string) => createHash("sha256").update(secret).digest("hex");

/** `drv_<id>_<secret>`: the id finds the key, the secret proves it. */
export const formatApiKey = (keyId: KeyId, secret: string) => `drv_${keyId.slice("key_".length)}_${secret}`;

/**
 * By the X-API-Key header, or without it by the session's cookie. Throws `invalid_api_key`, with the same words whether
 * the key is unknown, wrong or revoked, `forbidden` for a session that is used from elsewhere, or `rate_limited`.
 */
export async function authenticate(cloud: Cloud, context: Context): Promise<ApiKey> {
  const known = keyOfRequest.get(context.req.raw);
  if (known) return known;
  const apiKey = context.req.header("x-api-key");
  const session = apiKey === undefined ? readSession(cloud, context) : undefined;
  const key = session ? await keyOfSession(cloud, session) : await authenticateKey(cloud, apiKey ?? "");
  await limitRate(cloud, key.keyId, isKill(context.req) ? "kill" : "normal", key.requestsPerMinute);
  keyOfRequest.set(context.req.raw, key);
  return key;
}

/** Throws `invalid_api_key`. */
export async function authenticateKey(cloud: Cloud, apiKey: string): Promise<ApiKey> {
  const given = keyForm.exec(apiKey);
  const key = given && (await cloud.table.getApiKey(`key_${given[1]}`));
  // Compared also when there is no such key, so that time does not tell which ids exist.
  const expected = Buffer.from(key?.secretHash ?? hashSecret(""), "hex");
  const matches = timingSafeEqual(Buffer.from(hashSecret(given?.[2] ?? "no secret"), "hex"), expected);
  if (!key || !matches || key.revokedAt !== undefined) throw invalidKey();
  return key;
}

async function keyOfSession(cloud: Cloud, { keyId }: Session): Promise<ApiKey> {
  const key = await cloud.table.getApiKey(keyId);
  if (!key || key.revokedAt !== undefined) throw invalidKey();
  return key;
}

const invalidKey = () =>
  new DroverError("invalid_api_key", "Send a valid API key in the X-API-Key header. Locally it is in .drover/api-key.");

const keyOfRequest = new WeakMap<Request, ApiKey>();
/** Whoever this request was found to come from. */
export const callerOf = (context: Context): ApiKey | undefined => keyOfRequest.get(context.req.raw);

const isKill = ({ method, path }: { method: string; path: string }) =>
  /\/(kill|kill-all|emergency-stop)$/.test(path) || (method === "DELETE" && path.includes("/backends/"));

/** Before anything of a request is looked at: a stranger learns nothing of what would be valid. */
export function requireKey(openCloud: () => Promise<Cloud>) {
  return async (context: Context, next: Next): Promise<void> => {
    await authenticate(await openCloud(), context);
    await next();
  };
}

export const security: Record<string, never[]>[] = [{ apiKey: [] }, { session: [] }];
