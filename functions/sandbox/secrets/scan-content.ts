// Which secrets does a content hold that neither its earlier versions nor the list of the allowed ones know?
import { scryptSync } from "node:crypto";
import { decodeBase64 } from "./base64.ts";
import { matchLibrary } from "./library.ts";
import { readTexts } from "./readings.ts";
import { type Match, matchOwnRules } from "./rules.ts";

export interface ContentToScan {
  content: Uint8Array;
  /** What stood in its place before. */
  known: Uint8Array[];
  /** Fingerprints. */
  allowed: readonly string[];
}

/** Fit to be shown: it says where a secret stands and how to recognise it, and not what it is. */
export interface ContentFinding {
  rule: string;
  /** From 1. */
  line: number;
  /** Offsets around it, for those who show the text without it. */
  start: number;
  end: number;
  fingerprint: string;
  hint: string;
}

export interface ContentScan {
  /** No two that overlap, and not all when there are very many. */
  findings: ContentFinding[];
  /** There are more secrets than we compare with the allowed ones, so not to be called clean. */
  tooMany: boolean;
}

/** Each costs a slow hash. */
const maxSecrets = 200;
const maxFindings = 100;

export async function scanContent({ content, known, allowed }: ContentToScan): Promise<ContentScan> {
  const all = await findMatches(content);
  const before = all.length > 0 ? (await Promise.all(known.map(findMatches))).flat() : [];
  const added = without(
    all,
    before.map(({ secret }) => secret),
  );
  const secrets = [...new Set(added.map(({ secret }) => secret))];
  const fingerprints = new Map(secrets.slice(0, maxSecrets).map((secret) => [secret, fingerprintOf(secret)]));
  const harmless = [...fingerprints].filter(([, fingerprint]) => allowed.includes(fingerprint));
  const findings = without(
    added,
    harmless.map(([secret]) => secret),
  ).flatMap(({ secret, ...place }) => {
    const fingerprint = fingerprints.get(secret);
    return fingerprint ? [{ ...place, fingerprint, hint: hintOf(secret) }] : [];
  });
  return { findings: withoutOverlaps(findings), tooMany: secrets.length > maxSecrets };
}

/** Also what is only a part of a harmless one: the same key is found with its last line and without it. */
function without(matches: Located[], harmless: string[]): Located[] {
  const whole = new Set(harmless);
  return matches.filter(({ secret }) => !whole.has(secret) && !harmless.some((one) => one.includes(secret)));
}

type Located = Match & { line: number };

async function findMatches(content: Uint8Array): Promise<Located[]> {
  const found: Located[] = [];
  for (const text of readTexts(content)) {
    const matches = await matchText(text);
    const decoded = decodeBase64(text);
    const inside = decoded ? await matchText(decoded.text) : [];
    const outside = inside.map((match) => ({ ...match, ...decoded?.origin(match.start) }));
    found.push(...locate(text, [...matches, ...outside]));
  }
  return found;
}

/** The library first: it knows more names of what it finds. */
async function matchText(text: string): Promise<Match[]> {
  return [...(await matchLibrary(text)), ...matchOwnRules(text)];
}

function locate(text: string, matches: Match[]): Located[] {
  let line = 1;
  let at = text.indexOf("\n");
  const lines = new Map<Match, number>();
  for (const match of [...matches].sort((a, b) => a.start - b.start)) {
    for (; at >= 0 && at < match.start; at = text.indexOf("\n", at + 1)) line += 1;
    lines.set(match, line);
  }
  return matches.map((match) => ({ ...match, line: lines.get(match) ?? 1 }));
}

/** Of two names for one thing the first is kept, with the place of both. */
function withoutOverlaps(findings: ContentFinding[]): ContentFinding[] {
  const kept: ContentFinding[] = [];
  for (const finding of findings) {
    const other = kept.find(({ start, end }) => start < finding.end && finding.start < end);
    if (other) {
      other.start = Math.min(other.start, finding.start);
      other.end = Math.max(other.end, finding.end);
    } else if (kept.length < maxFindings) kept.push(finding);
  }
  return kept.sort((a, b) => a.line - b.line || a.start - b.start);
}

/** It is shown and stands in repositories, so it is a slow hash: a short password could be guessed from a quick one. */
function fingerprintOf(secret: string): string {
  return scryptSync(secret, "drover secret fingerprint", 8, { N: 4096, r: 8, p: 1 }).toString("hex");
}

/** Never so much that the rest could be guessed. */
function hintOf(secret: string): string {
  return secret.slice(0, Math.min(4, Math.floor(secret.length / 8)));
}
