// Where does the base branch stand by now, and is what we started from still part of it?
import { fetchObjects } from "./fetch-objects.ts";
import { limitsFor, type ReadLimits } from "./limits.ts";
import { type Repository, readCommit } from "./objects.ts";
import { readRemoteBranch } from "./remote.ts";
import { callRemote, explainFailure, type GitAuth, type RemoteCall } from "./remote-call.ts";

export type BaseNow =
  /** The branch is where we started. */
  | { kind: "same" }
  /** Its tip, with all its files, is in our git directory now. */
  | { kind: "moved"; tip: string; history: BaseHistory }
  | { kind: "gone" }
  /** The remote did not say. */
  | { kind: "unknown"; message: string };

/**
 * `continues`: the tip grew from our base. `rewritten`: somebody replaced the history, and took our base out of it.
 * `too_long`: our base was not found among the last commits, and they were not all.
 */
export type BaseHistory = "continues" | "rewritten" | "too_long";

export interface FetchBaseRequest {
  url: string;
  auth?: GitAuth | undefined;
  branch: string;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

const defaultTimeoutMs = 5 * 60_000;
/** How many commits back, each step only when the one before has not answered the question. */
const depths = [16, 128, 1024];

export async function fetchBase(repository: Repository, request: FetchBaseRequest): Promise<BaseNow> {
  const now = await readRemoteBranch(request);
  if (now.kind === "unknown" || now.kind === "refused") return { ...now, kind: "unknown" };
  if (now.kind === "absent") return { kind: "gone" };
  if (now.commit === repository.baseCommit) return { kind: "same" };
  const limits = limitsFor(repository.memoryMb);
  const remote = callRemote({ timeoutMs: defaultTimeoutMs, maxResponseBytes: limits.packBytes, ...request });
  try {
    return await fetchTip(remote, repository, `refs/heads/${request.branch}`, limits);
  } catch (error) {
    // Removed after we had looked.
    if ((error as { code?: unknown }).code === "NotFoundError") return { kind: "gone" };
    return { kind: "unknown", message: explainFailure(error, remote).message };
  }
}

async function fetchTip(remote: RemoteCall, repository: Repository, ref: string, limits: ReadLimits): Promise<BaseNow> {
  let history: BaseHistory = "too_long";
  let tip: string | undefined;
  for (const depth of depths) {
    // The branch may move between two steps; the last look is the one that counts.
    tip = await fetchObjects(remote, repository.gitDir, { ref, depth, limits, have: repository.baseCommit });
    if (!tip) return { kind: "gone" };
    if (tip === repository.baseCommit) return { kind: "same" };
    history = await readHistory(repository, tip);
    if (history !== "too_long") break;
  }
  return tip ? { kind: "moved", tip, history } : { kind: "gone" };
}

/** Walks back from the tip over what is here. A parent of our base has no child of its own among its ancestors. */
async function readHistory(repository: Repository, tip: string): Promise<BaseHistory> {
  const { baseCommit } = repository;
  const seen = new Set((await readCommit(repository, baseCommit)).parents);
  const waiting = [tip];
  let isWhole = true;
  for (let commit = waiting.pop(); commit; commit = waiting.pop()) {
    if (commit === baseCommit) return "continues";
    if (seen.has(commit)) continue;
    seen.add(commit);
    const parents = await parentsOf(repository, commit);
    if (parents) waiting.push(...parents);
    else isWhole = false;
  }
  return isWhole ? "rewritten" : "too_long";
}

/** Undefined when the commit is not here, because the history was fetched only so far. */
async function parentsOf(repository: Repository, commit: string): Promise<string[] | undefined> {
  try {
    return (await readCommit(repository, commit)).parents;
  } catch (error) {
    if ((error as { code?: unknown }).code === "NotFoundError") return undefined;
    throw error;
  }
}
