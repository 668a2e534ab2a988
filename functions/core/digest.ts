// What does the daily digest say, and who vouches for it? The heads of every chain that changed, hashed and signed.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import * as z from "zod";
import { canonicalJson } from "./audit.ts";
import type { TaskId } from "./ids.ts";
import { isFinal, type Task } from "./task.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** The longest that a task may take to show in an index, its submission's way to the table included. */
export const lagMs = 15 * 60 * 1000;
/** Facts are still learned after the end (an attempt cleaned up, a push found): a task counts as settled a day later. */
const settledAfterMs = dayMs;

const head = z.strictObject({
  /** A task id, `global` or `workspace:…`. */
  chain: z.string(),
  version: z.int(),
  hash: z.string(),
  /** Nothing will be added to this chain any more. */
  ended: z.literal(true).optional(),
});
export type Head = z.output<typeof head>;

const part = z.strictObject({
  /** The chain of acts whose workspace this is about; `global` holds the global chain only. */
  scope: z.string(),
  heads: z.array(head),
  /** Every chain that has not ended, with the version known of it: the next digest looks at these again. */
  open: z.array(z.tuple([z.string(), z.int()])),
});
export type DigestPart = z.output<typeof part>;

export const digestSchema = z.strictObject({
  format: z.literal(1),
  /** From 1, plus one with every digest. */
  number: z.int(),
  at: z.int(),
  /** Everything that was written up to here is in this digest or in one before it. */
  coveredUntil: z.int(),
  /** Hash of the digest before; the empty text for the first. */
  previousHash: z.string(),
  /** By `partKey`, so that a workspace's admin can check the whole chain of digests with its own part only. */
  partHashes: z.record(z.string(), z.string()),
  /** Ed25519, SPKI in base64. Says which key was used; which key to trust is for the reader to know. */
  publicKey: z.string(),
  hash: z.string(),
  signature: z.string(),
  parts: z.array(part),
});
export type Digest = z.output<typeof digestSchema>;
/** What the table keeps of a digest; the whole stands beside the artifacts. */
export type DigestRecord = Pick<Digest, "number" | "at" | "coveredUntil" | "hash">;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

export const hashPart = (one: DigestPart) => sha256(canonicalJson(one));
/** A reader of one part learns nothing of the others' names that it does not know already. */
export const partKey = (scope: string) => sha256(`drover-audit-scope ${scope}`);
export const digestFileName = ({ number, hash }: Pick<Digest, "number" | "hash">) =>
  `digests/${String(number).padStart(10, "0")}-${hash}.json`;

/** Over the parts' hashes instead of the parts, so that a reader of one part can check it too. */
export function hashDigest(digest: Omit<Digest, "hash" | "signature" | "parts">): string {
  const { format, number, at, coveredUntil, previousHash, partHashes, publicKey } = digest;
  return sha256(canonicalJson({ format, number, at, coveredUntil, previousHash, partHashes, publicKey }));
}

/** Names what is signed, so that the key's signature can never be taken for one under something else. */
const signedText = (hash: string) => Buffer.from(`drover audit digest\n${hash}\n`);

/** `privateKey` is PKCS#8 in base64. */
export const signHash = (privateKey: string, hash: string): string =>
  sign(
    null,
    signedText(hash),
    createPrivateKey({ key: Buffer.from(privateKey, "base64"), format: "der", type: "pkcs8" }),
  ).toString("base64");

export function isSignatureOf(publicKey: string, hash: string, signature: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
  if (key.asymmetricKeyType !== "ed25519") return false;
  return verify(null, signedText(hash), key, Buffer.from(signature, "base64"));
}

/** One a day (UTC), and the first as soon as there is something to sign with. */
export const isDigestDue = (last: DigestRecord | undefined, now: number): boolean =>
  !last || Math.floor(now / dayMs) > Math.floor(last.at / dayMs);

export const stateOfTask = (task: Task, now: number): Head => ({
  chain: task.taskId,
  version: task.version,
  hash: task.lastEventHash,
  ...(isSettled(task, now) ? { ended: true } : {}),
});

const isSettled = ({ status, due, owedCleanups, updatedAt }: Task, now: number): boolean =>
  isFinal(status) && !due && !owedCleanups && updatedAt + settledAfterMs <= now;

/**
 * The next part of a scope. `found` are its chains as they now stand. One that was open and is not found stays open with
 * what was known of it: a chain leaves the digests by its end only.
 */
export function nextPart(before: DigestPart | undefined, scope: string, found: readonly Head[]): DigestPart {
  const known = new Map(before?.open);
  const heads = found.filter(({ chain, version, ended }) => ended || known.get(chain) !== version);
  for (const { chain } of found) known.delete(chain);
  const open = found.filter(({ ended }) => !ended).map(({ chain, version }): [string, number] => [chain, version]);
  return { scope, heads, open: [...known, ...open] };
}

/** All but the signature; `hash` is what is to be signed. */
export function makeDigest(
  last: DigestRecord | undefined,
  parts: DigestPart[],
  at: number,
  publicKey: string,
): Omit<Digest, "signature"> {
  const unhashed = {
    format: 1 as const,
    number: (last?.number ?? 0) + 1,
    at,
    coveredUntil: at - lagMs,
    previousHash: last?.hash ?? "",
    partHashes: Object.fromEntries(parts.map((one) => [partKey(one.scope), hashPart(one)])),
    publicKey,
    parts,
  };
  return { ...unhashed, hash: hashDigest(unhashed) };
}

const base32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Sorts before every task id that was made at `at` or later. */
export function firstTaskIdAt(at: number): TaskId {
  let text = "";
  for (let rest = Math.max(0, at); text.length < 10; rest = Math.floor(rest / 32)) text = base32[rest % 32] + text;
  return `tsk_${text}${"0".repeat(16)}`;
}

/** Undefined for the global scope, which has no tasks. */
export const workspaceOfScope = (scope: string): string | undefined =>
  scope.startsWith("workspace:") ? scope.slice("workspace:".length) : undefined;

export interface Period {
  /** Epoch milliseconds; the beginning and the end of time when absent. */
  from?: number;
  /** Not itself in the period. */
  to?: number;
}

/** May a digest hold something of the period? Both clocks and the index may lag, so the edges are wide. */
export const isOfPeriod = (
  digest: Pick<Digest, "at">,
  before: Pick<Digest, "coveredUntil"> | undefined,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: Period,
): boolean => digest.at + lagMs > from && (before?.coveredUntil ?? Number.NEGATIVE_INFINITY) < to;
