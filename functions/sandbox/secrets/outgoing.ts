// What do the commits that are about to leave bring, at which places, and what stands there on the remote already?
import { compareTrees, type Difference } from "../../git/compare-trees.ts";
import { type Repository, readCommit } from "../../git/objects.ts";
import { isSubmodule } from "../../git/tree-object.ts";

/** A content at a path where the remote has another one, or none. */
export interface OutgoingFile {
  /** Raw bytes, one per character. */
  path: string;
  /** Undefined for a submodule: its content does not go with the commit. */
  oid: string | undefined;
  /** The contents that the remote has at this path. */
  before: string[];
}

export interface Outgoing {
  commits: string[];
  files: OutgoingFile[];
}

/**
 * Every commit that `commit` adds to `base`, with what any of them holds: what one adds and the next takes away is
 * still in the history that is pushed. A merge of the base brings nothing that is not at the same path in the base.
 */
export async function findOutgoing(repository: Repository, base: string, commit: string): Promise<Outgoing> {
  const { commits, edge } = await walk(repository, base, commit);
  const trees = await Promise.all(edge.map(async (oid) => (await readCommit(repository, oid)).tree));
  const files = new Map<string, OutgoingFile>();
  for (const oid of commits) {
    const { tree } = await readCommit(repository, oid);
    const [first = new Map(), ...others] = await Promise.all(trees.map((old) => differences(repository, old, tree)));
    for (const [path, difference] of first) {
      const all = [difference, ...others.map((other) => other.get(path))];
      const file = all.every((one) => one !== undefined) ? toFile(path, all) : undefined;
      if (file) files.set(`${file.oid} ${path}`, file);
    }
  }
  return { commits, files: [...files.values()] };
}

/** `edge`: the commits on the remote that the outgoing ones stand on, as far as this clone knows, and the base. */
async function walk(repository: Repository, base: string, commit: string) {
  const onRemote = await findAncestors(repository, base);
  const commits = new Set<string>();
  const edge = new Set([base]);
  const queue = [commit];
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (onRemote.has(next) || next === repository.baseCommit) edge.add(next);
    else if (!commits.has(next)) {
      commits.add(next);
      queue.push(...(await readCommit(repository, next)).parents);
    }
  }
  return { commits: [...commits], edge: [...edge] };
}

/** The commit with all before it, down to where the clone was cut off. */
async function findAncestors(repository: Repository, commit: string): Promise<Set<string>> {
  const found = new Set<string>();
  const queue = [commit];
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    if (next === repository.baseCommit) continue;
    queue.push(...(await readParents(repository, next)));
  }
  return found;
}

async function readParents(repository: Repository, commit: string): Promise<string[]> {
  try {
    return (await readCommit(repository, commit)).parents;
  } catch (error) {
    // A shallow clone ends somewhere; to know fewer ancestors is to scan more.
    if ((error as { code?: unknown }).code === "NotFoundError") return [];
    throw error;
  }
}

async function differences(repository: Repository, before: string, after: string): Promise<Map<string, Difference>> {
  const found = new Map<string, Difference>();
  for await (const difference of compareTrees(repository, before, after)) found.set(difference.path, difference);
  return found;
}

function toFile(path: string, all: Difference[]): OutgoingFile | undefined {
  const after = all[0]?.after;
  const before = all.flatMap((one) => (one.before && !isSubmodule(one.before) ? [one.before.oid] : []));
  if (!after || before.includes(after.oid)) return undefined;
  return { path, oid: isSubmodule(after) ? undefined : after.oid, before };
}
