// How does a commit of the remote come to our disk? Its objects only: files go from there to the workspace stream.
import fs from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import git from "isomorphic-git";
import { fetchObjects } from "./fetch-objects.ts";
import { ServerRefusal } from "./http.ts";
import { limitsFor, type ReadLimits } from "./limits.ts";
import { type Repository, readCommit } from "./objects.ts";
import { callRemote, explainFailure, type GitAuth, type RemoteCall, type RemoteProblem } from "./remote-call.ts";

export interface CloneRequest {
  /** Absent or empty. It becomes the git directory itself; there is no work tree. */
  dir: string;
  url: string;
  auth?: GitAuth | undefined;
  branch: string;
  /** Clone at this commit, even when the branch has moved on. */
  commit?: string | undefined;
  /** Of this process, in all; it decides how large the repository may be. */
  memoryMb?: number | undefined;
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The clone could not be made; `problem` is what the preflight would have answered. */
export class CloneError extends Error {
  readonly problem: RemoteProblem;
  constructor(problem: RemoteProblem, cause?: unknown) {
    super(problem.message, { cause });
    this.problem = problem;
  }
}

const defaultTimeoutMs = 10 * 60_000;
/** How far back to look on a server that does not hand out a commit by its id. */
const searchDepth = 500;

export async function cloneRepository(request: CloneRequest): Promise<Repository> {
  const { dir } = request;
  const limits = limitsFor(request.memoryMb);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if ((await readdir(dir)).length > 0) throw new Error(`${dir} is not empty: a clone needs a directory of its own.`);
  const remote = callRemote({
    timeoutMs: defaultTimeoutMs,
    maxResponseBytes: limits.packBytes,
    ...withoutUndefined(request),
  });
  try {
    await git.init({ fs, gitdir: dir, bare: true });
    await git.addRemote({ fs, gitdir: dir, remote: "origin", url: remote.url });
    return { ...(await fetchCommit(remote, request, limits)), memoryMb: request.memoryMb };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    if (error instanceof CloneError) throw error;
    throw new CloneError(explainCloneFailure(error, remote, request.branch), error);
  }
}

async function fetchCommit(
  remote: RemoteCall,
  { dir, branch, commit }: CloneRequest,
  limits: ReadLimits,
): Promise<Repository> {
  const ref = `refs/heads/${branch}`;
  if (commit === undefined) {
    const tip = await fetchObjects(remote, dir, { ref, depth: 1, limits });
    if (tip) return openClone(dir, tip);
    throw new CloneError({
      kind: "empty",
      message: `${remote.url} has no commits yet. Push a first commit, then try again.`,
    });
  }
  try {
    await fetchObjects(remote, dir, { ref: commit, depth: 1, limits });
    return await openClone(dir, commit);
  } catch (error) {
    if (!(error instanceof ServerRefusal)) throw error;
  }
  await fetchObjects(remote, dir, { ref, depth: searchDepth, limits });
  return openClone(dir, commit);
}

/** Reads the commit, so that a clone without it is found out here and not in the middle of a run. */
async function openClone(dir: string, commit: string): Promise<Repository> {
  const repository = { gitDir: dir, baseCommit: commit, cache: {} };
  await readCommit(repository, commit);
  return repository;
}

function explainCloneFailure(error: unknown, remote: RemoteCall, branch: string): RemoteProblem {
  if ((error as { code?: unknown }).code === "NotFoundError") {
    const message = `${remote.url} does not have what was asked for on branch "${branch}": ${(error as Error).message}`;
    return { kind: "branch_missing", message };
  }
  return explainFailure(error, remote);
}

function withoutUndefined({ url, auth, timeoutMs, signal }: CloneRequest) {
  return { url, auth, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}
