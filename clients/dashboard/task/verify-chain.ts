// Does the audit log of a task hold? Each event's hash is made again in this browser, so nobody's word is taken for it.
import type { AuditEvent } from "../../client.ts";

export type ChainStatus = { kind: "holds"; events: number } | { kind: "broken"; version: number; why: string };

/** The same rules as `findBreak` of the API: no gap, each after the one before, each as its hash says. */
export async function verifyChain(events: readonly AuditEvent[]): Promise<ChainStatus> {
  let previousHash = "";
  for (const [index, event] of events.entries()) {
    const version = index + 1;
    if (event.version !== version) return broken(version, `version ${event.version} stands in its place`);
    if (event.previousHash !== previousHash) return broken(version, "it does not follow the event before it");
    if ((await hashEvent(event)) !== event.hash) return broken(version, "its content does not match its hash");
    previousHash = event.hash;
  }
  return { kind: "holds", events: events.length };
}

const broken = (version: number, why: string): ChainStatus => ({ kind: "broken", version, why });

/** SHA-256 over canonical JSON without the hash; the time as it is stored, in milliseconds. */
async function hashEvent({ hash: _, at, ...rest }: AuditEvent): Promise<string> {
  const text = JSON.stringify(sortKeys({ ...rest, at: Date.parse(at) }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sortKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  // Not by assignment, which would make a member named __proto__ disappear.
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sortKeys(member)]),
  );
}
