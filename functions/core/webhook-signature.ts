// How does a receiver know that a notice is ours? By Standard Webhooks: HMAC-SHA256 over id, time and body.
import { createHmac } from "node:crypto";

const prefix = "whsec_";

/** 24 to 64 bytes of chance, as the standard asks for. */
export const formatWebhookSecret = (bytes: Uint8Array): string => `${prefix}${Buffer.from(bytes).toString("base64")}`;

/** The three headers. `now` is this try's: receivers refuse what is too old, so a repetition is signed anew. */
export function signWebhook(secret: string, messageId: string, now: number, body: string): Record<string, string> {
  const timestamp = Math.floor(now / 1000);
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  const signature = createHmac("sha256", key).update(`${messageId}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": messageId,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  };
}
