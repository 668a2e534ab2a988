// Who may speak for an attempt? Whoever holds HMAC(secret, agentId); nothing is stored.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { AgentId } from "./ids.ts";

/** The token a sandbox sends as `X-Drover-Token`. It means something only while that attempt is the current one. */
export function signAttempt(secret: string, agentId: AgentId): string {
  return createHmac("sha256", secret).update(agentId).digest("base64url");
}

/** Constant-time. */
export function isSameToken(expectedToken: string, givenToken: string): boolean {
  const [expected, given] = [Buffer.from(expectedToken), Buffer.from(givenToken)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
