// Is there such a repository and branch, may we read it, and where does the branch stand now?
import git, { type ServerRef } from "isomorphic-git";
import { whyBadBranch } from "./branch-name.ts";
import { callRemote, explainFailure, type GitAuth, type RemoteCall, type RemoteProblem } from "./remote-call.ts";

export type { GitAuth, RemoteProblem } from "./remote-call.ts";

export type RemoteInspection = { kind: "found"; branch: string; commit: string } | RemoteProblem;

export type RemoteBranch =
  | { kind: "at"; commit: string }
  | { kind: "absent" }
  /** It does not let us look, and will not until a person has changed something. */
  | { kind: "refused"; message: string }
  | { kind: "unknown"; message: string };

export interface InspectOptions {
  url: string;
  auth?: GitAuth | undefined;
  /** Left out: the branch that the remote's HEAD names. */
  branch?: string | undefined;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

const heads = "refs/heads/";
const maxNamedBranches = 5;

/** Looks before anything is started: does the repository exist, does the token open it, is the branch there? */
export async function inspectRemote({ branch, ...options }: InspectOptions): Promise<RemoteInspection> {
  const remote = callRemote(options);
  try {
    return branch === undefined ? await inspectDefaultBranch(remote) : await inspectBranch(remote, branch);
  } catch (error) {
    return explainFailure(error, remote);
  }
}

/** Reads one branch back from the remote: what a push really did, whatever its answer was. */
export async function readRemoteBranch(options: {
  url: string;
  auth?: GitAuth | undefined;
  branch: string;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}): Promise<RemoteBranch> {
  const remote = callRemote(options);
  try {
    const commit = await findBranch(remote, options.branch);
    return commit ? { kind: "at", commit } : { kind: "absent" };
  } catch (error) {
    const { kind, message } = explainFailure(error, remote);
    return { kind: kind === "auth_refused" || kind === "not_found" ? "refused" : "unknown", message };
  }
}

async function inspectBranch(remote: RemoteCall, branch: string): Promise<RemoteInspection> {
  const whyBad = whyBadBranch(branch);
  if (whyBad) return { kind: "branch_missing", message: `"${branch}" cannot be a branch: ${whyBad}.` };
  const commit = await findBranch(remote, branch);
  if (commit) return { kind: "found", branch, commit };
  return branchMissing(remote, await listRefs(remote, heads), `has no branch "${branch}"`);
}

async function inspectDefaultBranch(remote: RemoteCall): Promise<RemoteInspection> {
  const head = (await listRefs(remote, "HEAD")).find(({ ref }) => ref === "HEAD");
  if (head?.target?.startsWith(heads)) return found(remote, head.target.slice(heads.length), head.oid);
  const branches = await listRefs(remote, heads);
  // Some servers (CodeCommit) do not say what HEAD points at: one branch at the same commit must be it.
  const same = branches.filter(({ oid }) => oid === head?.oid);
  const only = same.find(({ ref }) => ref === `${heads}main`) ?? (same.length === 1 ? same[0] : undefined);
  if (only) return found(remote, only.ref.slice(heads.length), only.oid);
  return branchMissing(remote, branches, "does not say which branch is its default");
}

/** What a server calls its branch becomes a file of ours, and part of requests. */
function found({ url }: RemoteCall, branch: string, commit: string): RemoteInspection {
  const whyBad = whyBadBranch(branch);
  if (!whyBad) return { kind: "found", branch, commit };
  return { kind: "branch_missing", message: `${url} has a default branch that git would not take: ${whyBad}.` };
}

async function findBranch(remote: RemoteCall, branch: string): Promise<string | undefined> {
  const refs = await listRefs(remote, `${heads}${branch}`);
  return refs.find(({ ref }) => ref === `${heads}${branch}`)?.oid;
}

/** Protocol 2, with a prefix: the answer stays small in a repository with a hundred thousand refs. */
function listRefs(remote: RemoteCall, prefix: string): Promise<ServerRef[]> {
  return git.listServerRefs({ ...remote.engine, protocolVersion: 2, prefix, symrefs: true });
}

function branchMissing(remote: RemoteCall, branches: ServerRef[], what: string): RemoteProblem {
  if (branches.length === 0) {
    return { kind: "empty", message: `${remote.url} has no commits yet. Push a first commit, then try again.` };
  }
  const names = branches.slice(0, maxNamedBranches).map(({ ref }) => ref.slice(heads.length));
  const more = branches.length > names.length ? ` and ${branches.length - names.length} more` : "";
  return {
    kind: "branch_missing",
    message: `${remote.url} ${what}. Name one that exists: ${names.join(", ")}${more}.`,
  };
}
