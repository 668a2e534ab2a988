// How fast is an export of the audit log verified, beside the least: every line hashed and parsed?
import { createHash, hash } from "node:crypto";
import { type AuditEvent, hashEvent } from "../../functions/core/audit.ts";
import { createVerifier, type ExportLine, formatLine } from "../../functions/core/verify-audit.ts";
import { readDigests } from "../../functions/core/verify-digests.ts";
import { type Bench, type BenchOptions, compare, type Measured, median, rowOf } from "./bench.ts";

const types = ["created", "claimed", "started", "work_done", "permit_granted", "completed", "cleanup"] as const;
const statuses = ["queued", "launching", "running", "verifying", "publishing", "completed", "completed"] as const;
const from = Date.UTC(2026, 0, 1);

/** As long as a real one: what it holds beside its chain is what a task's events hold. */
function makeEvents(taskId: `tsk_${string}`, startedAt: number): AuditEvent[] {
  const events: AuditEvent[] = [];
  for (const [n, type] of types.entries()) {
    const before = statuses[n - 1];
    const unhashed = {
      at: startedAt + n * 1000,
      by: n === 0 ? "key_01K0000000000000000000000A" : `agent:agt_${taskId.slice(4)}_1`,
      data: { commit: hash("sha1", taskId), branch: `drover/${taskId}`, files: n, additions: 100, deletions: 10 },
      eventId: `evt_${taskId.slice(4, -1)}${n}` as const,
      ...(before ? { from: before } : {}),
      previousHash: events.at(-1)?.hash ?? "",
      taskId,
      to: statuses[n] ?? "completed",
      type,
      version: n + 1,
    };
    events.push({ ...unhashed, hash: hashEvent(unhashed) });
  }
  return events;
}

function makeExport(count: number): string[] {
  const tasks = Array.from({ length: Math.ceil(count / types.length) }, (_, n) => {
    return makeEvents(`tsk_${String(n).padStart(26, "0")}`, from + n * 10_000);
  });
  const lines: ExportLine[] = [
    { kind: "export", format: 1, at: from },
    ...tasks.flat().map((event) => ({ kind: "event", event }) as const),
  ];
  const text = lines.map(formatLine);
  const sha256 = createHash("sha256").update(text.join("")).digest("hex");
  const end = formatLine({ kind: "end", chains: tasks.length, entries: tasks.length * types.length, sha256 });
  return [...text, end].map((line) => line.trimEnd());
}

/** Answers how many chains were found to be wrong. What no digest vouches for is not counted: none was given. */
function verify(lines: readonly string[]): number {
  const { expected } = readDigests([], [], {});
  const verifier = createVerifier(expected, {});
  for (const line of lines) verifier.readLine(line);
  return verifier.end().findings.filter(({ chain }) => chain.startsWith("tsk_")).length;
}

function readOnly(lines: readonly string[]): void {
  const sum = createHash("sha256");
  for (const line of lines) {
    JSON.parse(line);
    hash("sha256", line);
    sum.update(line);
  }
  sum.digest();
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [rounds, count] = quick ? [1, 2_000] : [5, 100_000];
  const lines = makeExport(count);
  const middle = Math.floor(lines.length / 2);
  const changed = lines.with(middle, (lines[middle] ?? "").replace('"files":', '"files":1'));
  if (verify(lines) !== 0 || verify(changed) !== 1) throw new Error("The verification does not find what it should.");
  const perSecond = (act: (lines: readonly string[]) => unknown) => {
    const startedAt = performance.now();
    act(lines);
    return (lines.length / (performance.now() - startedAt)) * 1000;
  };
  const { verified, read } = await compare(
    { verified: () => perSecond(verify), read: () => perSecond(readOnly) },
    rounds,
  );
  const times = `${(median(read) / median(verified)).toFixed(1)} × the time of hashing and parsing`;
  const rows = [
    rowOf("an export, in a second", "verified", "events", verified, times),
    rowOf("an export, in a second", "only hashed and parsed", "events", read),
  ];
  return { rounds, sizes: { events: count }, rows, remarks: [] };
}

export const bench: Bench = {
  name: "audit",
  title: "Verifying the audit log",
  compares: "The verification of an export beside the least that it could do: each line hashed and parsed.",
  method:
    "The export is verified line by line, as `drover verify` does; before, it is seen to find one number that was changed in the middle.",
  doesNotShow: "the export itself, which is limited by DynamoDB; the digests' signatures, of which there is one a day.",
  measure,
};
