// Do the digests hold, and what do they say must be in an export? Offline: from their texts and a key that is trusted.
import {
  type Digest,
  type DigestPart,
  digestSchema,
  hashDigest,
  hashPart,
  isOfPeriod,
  isSignatureOf,
  type Period,
  partKey,
} from "./digest.ts";

export interface Finding {
  /** A task id, `global`, `workspace:…`; `digests` or `export` when it is about those. */
  chain: string;
  /** The version, digest or line in question; 0 when it is about the whole. */
  version: number;
  what: string;
}

/** What is to be verified. Said by whoever verifies, and never believed from the export. */
export interface Extent extends Period {
  /** Everything, when absent. */
  workspace?: string;
}

export interface ExpectedChain {
  /** Hash and number of the digest, by version. */
  heads: Map<number, { hash: string; digest: number }>;
  lastVersion: number;
  ended: boolean;
  /** Must be in the export; not so when it did not change in the period. */
  required: boolean;
}

export interface Expectation {
  chains: Map<string, ExpectedChain>;
  digests: number;
  last?: Pick<Digest, "number" | "at" | "coveredUntil">;
  /** The keys that the digests name, trusted or not. */
  publicKeys: string[];
}

/** `trusted` keys are SPKI in base64; without any, all digests must at least name the same one. */
export function readDigests(
  texts: Iterable<string>,
  trusted: readonly string[],
  extent: Extent,
): { findings: Finding[]; expected: Expectation } {
  const findings: Finding[] = [];
  const find = (version: number, what: string) => findings.push({ chain: "digests", version, what });
  const digests = parseDigests(texts, find);
  const publicKeys = [...new Set(digests.map(({ publicKey }) => publicKey))];
  const accepted = trusted.length > 0 ? trusted : publicKeys.slice(0, 1);
  const chains = new Map<string, ExpectedChain>();
  const scopes = new Set<string>();
  let before: Digest | undefined;
  if (digests.length === 0) find(0, "there is no digest, so nothing vouches for the export");
  for (const digest of digests) {
    for (const what of [...judgeLink(digest, before), ...judgeSeal(digest, accepted), ...judgeParts(digest, extent)])
      find(digest.number, what);
    for (const key of scopes) {
      if (!digest.partHashes[key]) find(digest.number, "it is silent on a workspace that digests before it name");
    }
    for (const key of Object.keys(digest.partHashes)) scopes.add(key);
    const required = isOfPeriod(digest, before, extent);
    for (const part of digest.parts.filter((one) => isAskedFor(one, extent)))
      findings.push(...addHeads(chains, digest.number, part, required));
    before = digest;
  }
  return { findings, expected: { chains, digests: digests.length, publicKeys, ...(before ? { last: before } : {}) } };
}

const scopeOf = ({ workspace }: Extent) => (workspace === undefined ? undefined : `workspace:${workspace}`);
const isAskedFor = (part: DigestPart, extent: Extent) =>
  extent.workspace === undefined || part.scope === scopeOf(extent);

function parseDigests(texts: Iterable<string>, find: (version: number, what: string) => void): Digest[] {
  const byHash = new Map<string, Digest>();
  for (const text of texts) {
    const digest = parseDigest(text);
    // The same one twice is no harm: somebody kept two copies.
    if (digest) byHash.set(digest.hash, digest);
    else find(0, `this is no digest: ${text.slice(0, 60)}`);
  }
  return [...byHash.values()].sort((a, b) => a.number - b.number);
}

function parseDigest(text: string): Digest | undefined {
  try {
    return digestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // No JSON: the caller names it.
  }
}

function judgeLink(digest: Digest, before: Digest | undefined): string[] {
  const expected = (before?.number ?? 0) + 1;
  if (digest.number === before?.number) return ["there is another digest with this number"];
  if (digest.number !== expected) return [`digest ${expected} is missing`];
  return digest.previousHash === (before?.hash ?? "") ? [] : ["it does not follow the digest before it"];
}

function judgeSeal(digest: Digest, accepted: readonly string[]): string[] {
  if (hashDigest(digest) !== digest.hash) return ["its content does not match its hash"];
  if (!accepted.includes(digest.publicKey)) return ["it is signed with a key that is not trusted"];
  return isSigned(digest) ? [] : ["its signature does not hold"];
}

function isSigned({ publicKey, hash, signature }: Digest): boolean {
  try {
    return isSignatureOf(publicKey, hash, signature);
  } catch {
    return false; // The key's text is no key.
  }
}

function judgeParts({ parts, partHashes }: Digest, extent: Extent): string[] {
  const changed = parts.filter((part) => partHashes[partKey(part.scope)] !== hashPart(part));
  const scope = scopeOf(extent);
  const isThere = scope === undefined || !partHashes[partKey(scope)] || parts.some((part) => part.scope === scope);
  const isComplete =
    scope !== undefined || new Set(parts.map((one) => one.scope)).size === Object.keys(partHashes).length;
  return [
    ...changed.map((part) => `its part ${part.scope} does not match its hash`),
    ...(isThere ? [] : [`its part ${scope} is missing`]),
    ...(isComplete ? [] : ["some of its parts are missing; name the workspace whose part it has"]),
  ];
}

function addHeads(chains: Map<string, ExpectedChain>, digest: number, part: DigestPart, required: boolean): Finding[] {
  const findings: Finding[] = [];
  for (const { chain, version, hash, ended } of part.heads) {
    const known = chains.get(chain) ?? { heads: new Map(), lastVersion: 0, ended: false, required: false };
    const other = known.heads.get(version);
    if (other && other.hash !== hash) {
      const what = `digests ${other.digest} and ${digest} have different hashes: it was rewritten between them`;
      findings.push({ chain, version, what });
    }
    known.heads.set(version, other ?? { hash, digest });
    known.lastVersion = Math.max(known.lastVersion, version);
    known.ended ||= ended ?? false;
    known.required ||= required;
    chains.set(chain, known);
  }
  return findings;
}
