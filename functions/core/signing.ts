// How does this deployment recognise what it has handed out itself? By an HMAC under its own secret; nothing is stored.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { AgentId } from "./ids.ts";

/** The token a sandbox sends as `X-Drover-Token`. It means something only while that attempt is the current one. */
export const signAttempt = (secret: string, agentId: AgentId): string => hmac(secret, agentId);

/** What a purpose has in front of it cannot be an agent's id, so that no signature passes for an attempt token. */
export type SigningPurpose = "session" | "csrf";
export const signFor = (secret: string, purpose: SigningPurpose, text: string): string =>
  hmac(secret, `${purpose}:${text}`);

const hmac = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("base64url");

/** Constant-time. */
export function isSameToken(expectedToken: string, givenToken: string): boolean {
  const [expected, given] = [Buffer.from(expectedToken), Buffer.from(givenToken)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
