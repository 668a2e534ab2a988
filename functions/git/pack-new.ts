// Which objects does a push have to send? Those that its new commits hold and their parents do not.
import fs from "node:fs";
import git from "isomorphic-git";
import { type Repository, readCommit, readTree } from "./objects.ts";
import { isDirectory, isSubmodule } from "./tree-object.ts";

/**
 * A pack with everything between the base (or what the remote already has) and `commit`. The engine's own push
 * sends the whole tree as soon as the remote's branch has moved on, which with a fleet is always.
 */
export async function packNewObjects(repository: Repository, commit: string, known: Set<string>): Promise<Uint8Array> {
  const oids = new Set<string>();
  const queue = [commit];
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (next === repository.baseCommit || known.has(next) || oids.has(next)) continue;
    oids.add(next);
    const { tree, parents } = await readCommit(repository, next);
    const [first] = parents;
    await collectNew(repository, tree, first && (await readCommit(repository, first)).tree, oids);
    queue.push(...parents);
  }
  const { packfile } = await git.packObjects({ fs, ...repositoryOf(repository), oids: [...oids], write: false });
  if (!packfile) throw new Error("The engine made no pack.");
  return packfile;
}

function repositoryOf({ gitDir, cache }: Repository) {
  return { gitdir: gitDir, cache };
}

async function collectNew(repository: Repository, tree: string, before: string | undefined, oids: Set<string>) {
  if (tree === before || oids.has(tree)) return;
  oids.add(tree);
  const olds = new Map((before ? await readTree(repository, before) : []).map((entry) => [entry.name, entry]));
  for (const entry of await readTree(repository, tree)) {
    const old = olds.get(entry.name);
    if (entry.oid === old?.oid || isSubmodule(entry)) continue;
    if (isDirectory(entry)) await collectNew(repository, entry.oid, isDirectory(old) ? old.oid : undefined, oids);
    else oids.add(entry.oid);
  }
}
