// How does a tree look after some of its paths were written or taken away?
import { type Repository, readTree, writeTree } from "./objects.ts";
import { isDirectory, type RawEntry } from "./tree-object.ts";

/** One name in a directory: an entry for it, its end, or only what is below it. */
interface Rewrite {
  entry?: RawEntry | undefined;
  gone: boolean;
  below: Map<string, Rewrite>;
}

export async function findEntry(repository: Repository, tree: string, path: string): Promise<RawEntry | undefined> {
  let found: RawEntry | undefined = { name: "", mode: "40000", oid: tree };
  for (const name of path.split("/")) {
    if (!isDirectory(found)) return undefined;
    found = (await readTree(repository, found.oid)).find((entry) => entry.name === name);
  }
  return found;
}

/** Answers the new tree. Paths are raw; without an entry a path goes. None may be below another that has one. */
export async function rewriteTree(
  repository: Repository,
  tree: string,
  entries: ReadonlyMap<string, RawEntry | undefined>,
): Promise<string> {
  const root: Rewrite = { gone: false, below: new Map() };
  for (const [path, entry] of entries) {
    const rewrite = reach(root, path);
    rewrite.entry = entry;
    rewrite.gone = !entry;
  }
  return (await rewriteBelow(repository, tree, root)) ?? writeTree(repository, []);
}

function reach(root: Rewrite, path: string): Rewrite {
  let node = root;
  for (const name of path.split("/")) {
    const next = node.below.get(name) ?? { gone: false, below: new Map() };
    node.below.set(name, next);
    node = next;
  }
  return node;
}

/** Undefined when nothing is left: git has no empty directories. */
async function rewriteBelow(repository: Repository, tree: string | undefined, { below }: Rewrite) {
  const entries = new Map((tree ? await readTree(repository, tree) : []).map((entry) => [entry.name, entry]));
  for (const [name, rewrite] of below) {
    const next = await rewriteEntry(repository, entries.get(name), name, rewrite);
    if (next) entries.set(name, next);
    else entries.delete(name);
  }
  return entries.size === 0 ? undefined : writeTree(repository, entries.values());
}

async function rewriteEntry(
  repository: Repository,
  old: RawEntry | undefined,
  name: string,
  rewrite: Rewrite,
): Promise<RawEntry | undefined> {
  if (rewrite.entry) return { ...rewrite.entry, name };
  // A file that is gone says nothing about a directory of its name.
  const kept = rewrite.gone && !isDirectory(old) ? undefined : old;
  if (rewrite.below.size === 0) return kept;
  const oid = await rewriteBelow(repository, isDirectory(kept) ? kept.oid : undefined, rewrite);
  if (oid) return { name, mode: "40000", oid };
  return isDirectory(kept) ? undefined : kept;
}
