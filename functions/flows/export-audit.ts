// How does the audit log leave drover? As lines, whole chains one after the other, with one page in memory at a time.
import { createHash } from "node:crypto";
import type { AuditAct, AuditEvent } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";
import { type Digest, type DigestPart, type DigestRecord, isOfPeriod, workspaceOfScope } from "../core/digest.ts";
import { isTaskId, type TaskId } from "../core/ids.ts";
import { type ExportLine, formatLine } from "../core/verify-audit.ts";
import type { Extent } from "../core/verify-digests.ts";
import { listCreated } from "./list-created.ts";
import { listDigestRecords, readDigest } from "./read-digest.ts";

const pageSize = 100;
/** Tasks whose events are read at the same time. */
const readAhead = 10;

/**
 * Chunks of whole lines. A chain that the period touches is there from its first entry, so that it can be verified.
 * Which chains those are is in the digests: nothing else in the table is by time of change.
 */
export async function* exportAudit(cloud: Cloud, extent: Extent): AsyncGenerator<string> {
  const sum = createHash("sha256");
  let [chains, entries] = [0, 0];
  const write = (line: ExportLine) => {
    const text = formatLine(line);
    sum.update(text);
    return text;
  };
  yield write({ kind: "export", format: 1, at: cloud.clock.now(), ...extent });
  for (const scope of await scopesOf(cloud, extent)) {
    const acts = pages<AuditAct>((after) => cloud.table.listActs(scope, after, pageSize));
    for await (const page of acts) {
      if (page[0]?.version === 1) chains += 1;
      entries += page.length;
      yield page.map((act) => write({ kind: "act", act })).join("");
    }
  }
  for await (const taskIds of tasksOf(cloud, extent)) {
    const firstPages = await Promise.all(taskIds.map((taskId) => cloud.table.listEvents(taskId, 0, pageSize)));
    for (const [index, taskId] of taskIds.entries()) {
      const first = firstPages[index] ?? [];
      if (first.length > 0) chains += 1;
      for await (const page of pages<AuditEvent>((after) => cloud.table.listEvents(taskId, after, pageSize), first)) {
        entries += page.length;
        yield page.map((event) => write({ kind: "event", event })).join("");
      }
    }
  }
  yield formatLine({ kind: "end", chains, entries, sha256: sum.digest("hex") });
}

async function* pages<T extends { version: number }>(
  read: (after: number) => Promise<T[]>,
  first?: T[],
): AsyncGenerator<T[]> {
  let page = first ?? (await read(0));
  while (page.length > 0) {
    yield page;
    if (page.length < pageSize) return;
    page = await read(page.at(-1)?.version ?? 0);
  }
}

/** Chains of acts are short and have no end; every export has them whole. */
async function scopesOf(cloud: Cloud, { workspace }: Extent): Promise<string[]> {
  if (workspace !== undefined) return [`workspace:${workspace}`];
  return (await cloud.table.listChainHeads()).map(({ chain }) => chain);
}

/** A few ids at a time, each once. */
async function* tasksOf(cloud: Cloud, extent: Extent): AsyncGenerator<TaskId[]> {
  let some: TaskId[] = [];
  for await (const taskId of extent.from === undefined ? everyTask(cloud, extent) : tasksOfPeriod(cloud, extent)) {
    some.push(taskId);
    if (some.length < readAhead) continue;
    yield some;
    some = [];
  }
  yield some;
}

async function* everyTask(cloud: Cloud, extent: Extent, since?: number, but?: Set<string>): AsyncGenerator<TaskId> {
  const workspaces = extent.workspace === undefined ? await cloud.table.listWorkspaces() : [extent.workspace];
  for (const workspace of workspaces) {
    for await (const page of listCreated(cloud, workspace, since)) {
      for (const { taskId } of page) if (!but?.has(taskId)) yield taskId;
    }
  }
}

/** What ended in the period stands in its digests; what had not ended by then is open in the last of them. */
async function* tasksOfPeriod(cloud: Cloud, extent: Extent): AsyncGenerator<TaskId> {
  let before: DigestRecord | undefined;
  let base: DigestRecord | undefined;
  for await (const record of listDigestRecords(cloud)) {
    const isIn = isOfPeriod(record, before, extent);
    if (isIn) yield* endedIn(await mustRead(cloud, record), extent);
    if (isIn || record.at < (extent.from ?? 0)) base = record;
    before = record;
  }
  if (!base) return yield* everyTask(cloud, extent);
  const open = new Set<string>();
  for (const part of partsOf(await mustRead(cloud, base), extent)) for (const [chain] of part.open) open.add(chain);
  for (const chain of open) if (isTaskId(chain)) yield chain;
  if (base.number === before?.number) yield* everyTask(cloud, extent, base.coveredUntil, open);
}

function* endedIn(digest: Digest, extent: Extent): Generator<TaskId> {
  for (const { heads } of partsOf(digest, extent)) {
    for (const { chain, ended } of heads) if (ended && isTaskId(chain)) yield chain;
  }
}

export const partsOf = ({ parts }: Digest, { workspace }: Pick<Extent, "workspace">): DigestPart[] =>
  workspace === undefined ? parts : parts.filter(({ scope }) => workspaceOfScope(scope) === workspace);

async function mustRead(cloud: Cloud, record: DigestRecord): Promise<Digest> {
  const digest = await readDigest(cloud, record);
  if (digest) return digest;
  throw new Error(`Digest ${record.number} is missing or was changed. Export everything, without a period, instead.`);
}
