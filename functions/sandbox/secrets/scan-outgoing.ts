// May these commits leave the sandbox? Not while any of them adds a secret, or something that could not be scanned.
import { type Repository, readBlob, readCommitObject } from "../../git/objects.ts";
import type { Finding } from "./findings.ts";
import { findOutgoing, type OutgoingFile } from "./outgoing.ts";
import type { ContentFinding } from "./scan-content.ts";
import { openScanner, type ScanAnswer, type ScanLimits, type Scanner } from "./scanner.ts";

export interface ScanRequest {
  /** What the remote has already: a commit, with all before it. */
  base: string;
  commit: string;
  /** Fingerprints, from the base branch and nowhere else. */
  allowed: readonly string[];
}

export type ScanOutcome = { kind: "clean"; files: number; bytes: number } | { kind: "found"; findings: Finding[] };

export const scanLimits: ScanLimits = { maxBytes: 64 * 1024 * 1024, fileMs: 120_000, totalMs: 480_000, memoryMb: 512 };
/** One is enough to stop a push. */
const maxFindings = 1000;

/** Contents, targets of links, paths and messages of every commit between. No setting switches it off. */
export async function scanOutgoing(
  repository: Repository,
  { base, commit, allowed }: ScanRequest,
  limits = scanLimits,
): Promise<ScanOutcome> {
  const { commits, files } = await findOutgoing(repository, base, commit);
  const scanner = openScanner(limits, allowed);
  const findings: Finding[] = [];
  let bytes = 0;
  const note = (found: Finding[]) => findings.push(...found.filter((one) => !allowed.includes(one.fingerprint)));
  try {
    for (const oid of commits) note(await scanCommitObject(scanner, repository, oid));
    for (const file of files) {
      if (findings.length >= maxFindings) break;
      const scanned = await scanFile(scanner, repository, file);
      note(scanned.findings);
      bytes += scanned.bytes;
    }
  } finally {
    await scanner.close();
  }
  return findings.length > 0 ? { kind: "found", findings } : { kind: "clean", files: files.length, bytes };
}

/** With author and all other headers: they are pushed as well. */
async function scanCommitObject(scanner: Scanner, repository: Repository, oid: string): Promise<Finding[]> {
  const object = await readCommitObject(repository, oid);
  const headerLines = object.split("\n\n", 1).join("").split("\n").length + 1;
  const answer = await scanner.scan(Buffer.from(object, "latin1"));
  const findings = judge(`commit message of ${oid.slice(0, 12)}`, oid, answer);
  return findings.map(({ line = 0, ...finding }) =>
    line > headerLines ? { ...finding, line: line - headerLines } : finding,
  );
}

async function scanFile(scanner: Scanner, repository: Repository, { path: rawPath, oid, before }: OutgoingFile) {
  const inPath = await scanner.scan(Buffer.from(rawPath, "latin1"));
  const path = inPath.kind === "scanned" ? showPath(rawPath, inPath.findings) : "a path that could not be scanned";
  // Where the remote has something at this path, the path is nobody's news.
  const findings = before.length > 0 ? [] : judge(path, oid ?? "", inPath).map(({ line: _, ...finding }) => finding);
  if (oid === undefined) return { findings, bytes: 0 };
  const content = await readOrNothing(repository, oid);
  if (!content) return { findings: [...findings, unscannable(path, oid, "it cannot be read")], bytes: 0 };
  const known = await Promise.all(before.map((old) => readOrNothing(repository, old)));
  const answer = await scanner.scan(
    content,
    known.filter((version) => version !== undefined),
  );
  return { findings: [...findings, ...judge(path, oid, answer)], bytes: content.length };
}

async function readOrNothing(repository: Repository, oid: string): Promise<Buffer | undefined> {
  try {
    return await readBlob(repository, oid);
  } catch {
    return undefined; // To the caller unreadable is an answer, and never "clean".
  }
}

function judge(path: string, oid: string, answer: ScanAnswer): Finding[] {
  if (answer.kind === "unscannable") return [unscannable(path, oid, answer.why)];
  const findings = answer.findings.map(({ line, rule, fingerprint, hint }) => ({
    path,
    line,
    rule,
    fingerprint,
    hint,
  }));
  return answer.tooMany ? [...findings, unscannable(path, oid, "it holds too many secrets to compare")] : findings;
}

/** Its fingerprint is that of the very content, so that people can still allow it. */
function unscannable(path: string, oid: string, why: string): Finding {
  return { path, rule: "unscannable", fingerprint: oid.slice(0, 16), hint: "", why };
}

function showPath(rawPath: string, secrets: ContentFinding[]): string {
  let shown = rawPath;
  for (const { start, end } of [...secrets].sort((a, b) => b.start - a.start)) {
    shown = `${shown.slice(0, start)}***${shown.slice(end)}`;
  }
  return Buffer.from(shown, "latin1").toString();
}
