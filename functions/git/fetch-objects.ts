// How do objects of a remote branch come into a git directory of ours?
import fs from "node:fs";
import git from "isomorphic-git";
import { guardPacks } from "./guard-pack.ts";
import { hashSmallHere } from "./hash-here.ts";
import type { ReadLimits } from "./limits.ts";
import type { RemoteCall } from "./remote-call.ts";

export interface Wanted {
  /** A full name, or the id of a commit where the server hands those out. */
  ref: string;
  /** How many commits back from there. */
  depth: number;
  limits: ReadLimits;
  /** A commit that we have with all its files: what it holds need not be sent. */
  have?: string;
}

hashSmallHere(crypto.subtle);

/** Keeps the name of what we have: the engine tells the server about names only. */
const haveRef = "refs/drover/have";

/** Answers the commit that `ref` named; undefined when the repository is empty. */
export async function fetchObjects(remote: RemoteCall, gitdir: string, { ref, depth, have, limits }: Wanted) {
  if (have) await git.writeRef({ fs, gitdir, ref: haveRef, value: have, force: true });
  const options = { depth, singleBranch: true, tags: false, remote: "origin" };
  const local = have ? haveRef : ref;
  const { fetchHead } = await git.fetch({
    fs: guardPacks(limits),
    gitdir,
    ...remote.engine,
    ...options,
    ref: local,
    remoteRef: ref,
  });
  return fetchHead ?? undefined;
}
