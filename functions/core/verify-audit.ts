// Is an export what was written? Line by line against the digests, with one chain in memory at a time.
import { createHash, type Hash } from "node:crypto";
import * as z from "zod";
import { type AuditAct, type AuditEvent, canonicalJson, hashEvent } from "./audit.ts";
import type { Expectation, ExpectedChain, Extent, Finding } from "./verify-digests.ts";

/** The lines of an export: one header, entries chain by chain in the order of their versions, one end. */
export type ExportLine =
  | ({ kind: "export"; format: 1; at: number } & Extent)
  | { kind: "event"; event: AuditEvent }
  | { kind: "act"; act: AuditAct }
  | { kind: "end"; chains: number; entries: number; sha256: string };

/** Every line is its own canonical JSON, so that what is read and what is verified cannot differ. */
export const formatLine = (line: ExportLine): string => `${canonicalJson(line)}\n`;

const entryFields = {
  version: z.int(),
  at: z.int(),
  previousHash: z.string(),
  hash: z.string(),
};
const exportLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("export"),
    format: z.literal(1),
    at: z.int(),
    workspace: z.string().optional(),
    from: z.int().optional(),
    to: z.int().optional(),
  }),
  z.strictObject({ kind: z.literal("event"), event: z.looseObject({ taskId: z.string(), ...entryFields }) }),
  z.strictObject({ kind: z.literal("act"), act: z.looseObject({ chain: z.string(), ...entryFields }) }),
  z.strictObject({ kind: z.literal("end"), chains: z.int(), entries: z.int(), sha256: z.string() }),
]);
type Entry = { version: number; at: number; previousHash: string; hash: string };

/** A digest is written daily; what is younger than the last one by more than this was not sealed as it should be. */
const unsealedForMs = 2 * 24 * 60 * 60 * 1000;

export interface Verdict {
  findings: Finding[];
  chains: number;
  entries: number;
  /** Entries that are younger than the last digest: their chain holds, and nothing yet vouches for their number. */
  unsealed: number;
}

interface OpenChain {
  chain: string;
  version: number;
  hash: string;
  expected: ExpectedChain | undefined;
  /** The first finding says it; what follows from it would only repeat it. */
  broken: boolean;
}

/** Feed it the lines of an export, without their ends; `end` says what is wrong with all of it. */
export function createVerifier(expected: Expectation, extent: Extent) {
  const findings: Finding[] = [];
  const done = new Set<string>();
  const sum: Hash = createHash("sha256");
  let open: OpenChain | undefined;
  let hasEnded = false;
  let lineNumber = 0;
  let entries = 0;
  let unsealed = 0;
  let youngestAt = 0;

  const ofExport = (what: string, version = lineNumber) => findings.push({ chain: "export", version, what });

  function readLine(text: string): void {
    lineNumber += 1;
    const line = parseLine(text);
    const isFirst = lineNumber === 1;
    if (hasEnded) ofExport("something follows its end");
    else if (line?.kind === "end") readEnd(line);
    else sum.update(text).update("\n");
    if (!line) ofExport("this is not a line of an export");
    if (isFirst !== (line?.kind === "export")) ofExport(isFirst ? "it has no header" : "there is another header");
    else if (line?.kind === "export") judgeHeader(line);
    if (line?.kind === "event") readEntry(line.event.taskId, line.event);
    if (line?.kind === "act") readEntry(line.act.chain, line.act);
  }

  function judgeHeader({ workspace, from, to }: Extent): void {
    if (workspace === extent.workspace && from === extent.from && to === extent.to) return;
    const says = canonicalJson({ workspace, from, to });
    ofExport(`it says that it was made for ${says}, and was to be verified for ${canonicalJson(extent)}`, 0);
  }

  function readEntry(chain: string, entry: Entry): void {
    entries += 1;
    if (open?.chain !== chain) startChain(chain);
    const current = open;
    if (!current || current.broken) return;
    const what = judgeEntry(current, entry) ?? judgeAgainstDigests(current, entry);
    if (what) {
      findings.push({ chain, version: current.version + 1, what });
      current.broken = true;
    }
    current.version += 1;
    current.hash = entry.hash;
  }

  function startChain(chain: string): void {
    closeChain();
    open = { chain, version: 0, hash: "", expected: expected.chains.get(chain), broken: false };
    if (!done.has(chain)) return;
    findings.push({ chain, version: 1, what: "it stands in two places of the export" });
    open.broken = true;
  }

  function judgeAgainstDigests({ expected: known, version: before }: OpenChain, entry: Entry): string | undefined {
    const version = before + 1;
    const head = known?.heads.get(version);
    if (head && head.hash !== entry.hash) return `digest ${head.digest} has another hash: it was rewritten`;
    if (version <= (known?.lastVersion ?? 0)) return undefined;
    if (known?.ended) return `it was added after the end, which is version ${known.lastVersion}`;
    if (entry.at <= (expected.last?.coveredUntil ?? 0))
      return `it is older than digest ${expected.last?.number}, and no digest knows it`;
    unsealed += 1;
    youngestAt = Math.max(youngestAt, entry.at);
    return undefined;
  }

  function closeChain(): void {
    if (!open) return;
    const { chain, version, expected: known, broken } = open;
    done.add(chain);
    if (!broken && known && version < known.lastVersion) {
      const digest = known.heads.get(known.lastVersion)?.digest;
      const what = `it ends before this; digest ${digest} knows ${known.lastVersion} entries`;
      findings.push({ chain, version: version + 1, what });
    }
  }

  function readEnd(line: { chains: number; entries: number; sha256: string }): void {
    closeChain();
    hasEnded = true;
    if (line.chains !== done.size || line.entries !== entries)
      ofExport(`it says that it has ${line.entries} entries in ${line.chains} chains`);
    if (line.sha256 !== sum.digest("hex")) ofExport("its checksum is another: it was changed or damaged");
  }

  function end(): Verdict {
    if (!hasEnded) {
      closeChain();
      ofExport("it has no end: it was cut, or its transfer broke off");
    }
    for (const [chain, { required, lastVersion, heads }] of expected.chains) {
      if (!required || done.has(chain)) continue;
      const what = `the whole chain is missing; digest ${heads.get(lastVersion)?.digest} knows ${lastVersion} entries`;
      findings.push({ chain, version: 1, what });
    }
    const { last } = expected;
    if (last && youngestAt > last.at + unsealedForMs) {
      const what = `the last digest is days older than the youngest of ${unsealed} entries: later digests are missing`;
      findings.push({ chain: "digests", version: last.number + 1, what });
    }
    return { findings, chains: done.size, entries, unsealed };
  }

  return { readLine, end };
}

/** What an entry shows by itself and by the one before it. */
function judgeEntry({ version: before, hash: previousHash }: OpenChain, entry: Entry): string | undefined {
  if (entry.version !== before + 1) return `found version ${entry.version} in its place`;
  if (entry.previousHash !== previousHash) return "it does not follow the entry before it";
  const { hash, ...rest } = entry;
  return hashEvent(rest as Omit<AuditEvent, "hash">) === hash ? undefined : "its content does not match its hash";
}

function parseLine(text: string): z.output<typeof exportLine> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Two members of one name, another order or other spaces: read by people as one thing, by programs as another.
    return canonicalJson(value) === text ? exportLine.safeParse(value).data : undefined;
  } catch {
    return undefined; // No JSON: the caller names the line.
  }
}
