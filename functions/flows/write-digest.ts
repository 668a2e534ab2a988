// How is the audit log sealed, once a day? One signed digest names the heads of every chain that changed.
import { canonicalJson } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";
import {
  type Digest,
  type DigestPart,
  digestFileName,
  type Head,
  isDigestDue,
  makeDigest,
  nextPart,
  stateOfTask,
  workspaceOfScope,
} from "../core/digest.ts";
import { isTaskId } from "../core/ids.ts";
import { listCreated } from "./list-created.ts";
import { readDigest } from "./read-digest.ts";

const batch = 100;

/**
 * Reads what was created since the last digest and what was open at it: the cost is what changed and what is open.
 * The file is written before the item that makes it count. Whoever dies in between, or is slower than another, leaves a
 * file that nobody asks for.
 */
export async function writeDigest(cloud: Cloud): Promise<void> {
  const at = cloud.clock.now();
  const last = await cloud.table.getLastDigest();
  if (!isDigestDue(last, at)) return;
  const before = last && (await readDigest(cloud, last));
  if (last && !before) {
    // Everything is listed anew then: losing a file costs that file's evidence, and not all later digests.
    console.error(`Digest ${last.number} is missing or was changed. Restore audit/${digestFileName(last)} in S3.`);
  }
  const publicKey = await cloud.auditKey.publicKey();
  const unsigned = makeDigest(last, await nextParts(cloud, before, at), at, publicKey);
  const digest: Digest = { ...unsigned, signature: await cloud.auditKey.sign(unsigned.hash) };
  await cloud.artifacts.putAuditFile(digestFileName(digest), canonicalJson(digest));
  await cloud.artifacts.putAuditFile("digests/public-key.txt", `${publicKey}\n`);
  const { number, coveredUntil, hash } = digest;
  await cloud.table.addDigest({ number, at, coveredUntil, hash });
}

/** One for every scope there has ever been, changed or not: a part that is absent later was taken away. */
async function nextParts(cloud: Cloud, before: Digest | undefined, at: number): Promise<DigestPart[]> {
  const known = new Map((before?.parts ?? []).map((part) => [part.scope, part]));
  const acts = new Map((await cloud.table.listChainHeads()).map((head) => [head.chain, head]));
  const workspaces = (await cloud.table.listWorkspaces()).map((workspace) => `workspace:${workspace}`);
  const parts: DigestPart[] = [];
  for (const scope of [...new Set(["global", ...acts.keys(), ...workspaces, ...known.keys()])].sort()) {
    const part = known.get(scope);
    const workspace = workspaceOfScope(scope);
    // A workspace that the last digest did not know is read from its beginning.
    const since = part && before?.coveredUntil;
    const tasks = workspace === undefined ? [] : await readTasks(cloud, workspace, part, since, at);
    const head = acts.get(scope);
    parts.push(nextPart(part, scope, [...(head ? [head] : []), ...tasks]));
  }
  return parts;
}

async function readTasks(
  cloud: Cloud,
  workspace: string,
  before: DigestPart | undefined,
  since: number | undefined,
  at: number,
): Promise<Head[]> {
  const open = (before?.open ?? []).map(([chain]) => chain).filter(isTaskId);
  const found = new Map<string, Head>();
  for (let from = 0; from < open.length; from += batch) {
    const wanted = open.slice(from, from + batch);
    for (const task of await cloud.table.getTasks(wanted)) found.set(task.taskId, stateOfTask(task, at));
    for (const taskId of wanted.filter((id) => !found.has(id)))
      console.error(`${taskId} is in the last digest of the audit log and not in the table: somebody removed it.`);
  }
  for await (const page of listCreated(cloud, workspace, since)) {
    for (const task of page) found.set(task.taskId, stateOfTask(task, at));
  }
  return [...found.values()];
}
