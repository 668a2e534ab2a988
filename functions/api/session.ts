// How does a browser stay signed in? By a cookie that only we can make and no script can read.
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { isKeyId, type KeyId } from "../core/ids.ts";
import { isSameToken } from "../core/signing.ts";

const cookieName = "drover_session";
const sessionMs = 12 * 60 * 60_000;
const csrfHeader = "x-csrf-token";

export interface Session {
  keyId: KeyId;
  /** Epoch milliseconds. */
  expiresAt: number;
  /** Every request that may change something carries it as `X-CSRF-Token`. */
  csrfToken: string;
}

/** Its value is `<keyId>.<expiresAt>.<signature>`: nothing is stored, and it ends at once when the key is revoked. */
export function startSession(cloud: Cloud, context: Context, keyId: KeyId): Session {
  const expiresAt = cloud.clock.now() + sessionMs;
  const named = `${keyId}.${expiresAt}`;
  const value = `${named}.${cloud.sign("session", named)}`;
  setCookie(context, cookieName, value, {
    httpOnly: true,
    sameSite: "Strict",
    secure: originOf(cloud, context).startsWith("https:"),
    path: "/",
    maxAge: sessionMs / 1000,
  });
  return { keyId, expiresAt, csrfToken: cloud.sign("csrf", value) };
}

export function endSession(context: Context): void {
  deleteCookie(context, cookieName, { path: "/" });
}

/**
 * Undefined where there is no cookie, or none that is still good. Throws `forbidden` where another page may have sent
 * the request: it cannot read the token, nor set the header without asking first, which nobody allows.
 */
export function readSession(cloud: Cloud, context: Context): Session | undefined {
  const value = getCookie(context, cookieName);
  const [keyId = "", expiry = "", signature = ""] = value?.split(".") ?? [];
  if (!value || !isKeyId(keyId)) return undefined;
  if (!isSameToken(cloud.sign("session", `${keyId}.${expiry}`), signature)) return undefined;
  const expiresAt = Number(expiry);
  if (expiresAt <= cloud.clock.now()) return undefined;
  const csrfToken = cloud.sign("csrf", value);
  const origin = context.req.header("origin");
  if (origin !== undefined && origin !== originOf(cloud, context)) {
    throw new DroverError("forbidden", `A page of ${origin} may not use this session.`);
  }
  const isRead = ["GET", "HEAD"].includes(context.req.method);
  if (!isRead && !isSameToken(csrfToken, context.req.header(csrfHeader) ?? "")) {
    throw new DroverError("forbidden", "The X-CSRF-Token header is missing or is not this session's. Reload the page.");
  }
  return { keyId, expiresAt, csrfToken };
}

/** Behind a front door the request's own address is not the one that the browser sees. */
const originOf = (cloud: Cloud, context: Context) => cloud.settings.publicOrigin ?? new URL(context.req.url).origin;
