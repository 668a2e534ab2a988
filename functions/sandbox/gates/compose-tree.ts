// Which files stand in the clean room? Those of the commit, with the base's where they decide what gates say.
import { listTree, readEntries, type TreeEntry } from "../../git/list-tree.ts";
import type { Repository } from "../../git/objects.ts";
import type { TreeFile } from "../../git/tree.ts";
import type { Repair } from "./tampering/find-tampering.ts";

export interface TreeRequest {
  repository: Repository;
  base: string;
  commit: string;
  repairs: ReadonlyMap<string, Repair>;
  /** The folder of the room that the tree goes to. */
  folder: string;
}

export async function* composeTree(request: TreeRequest): AsyncGenerator<TreeFile, void, undefined> {
  const { repository, base, commit, repairs, folder } = request;
  const entries = (await listTree(repository, commit)).filter(({ path }) => !repairs.has(path));
  const baseEntries = (await listTree(repository, base)).filter(({ path }) => repairs.get(path)?.kind === "base");
  const texts = [...repairs].flatMap(([path, repair]) => (repair.kind === "text" ? [{ path, text: repair.text }] : []));
  // What is put back may lie below, or above, what the commit has made of its place.
  const placed = [...baseEntries, ...texts].map(({ path }) => path);
  const isInTheWay = ({ path }: TreeEntry) =>
    placed.some((one) => one.startsWith(`${path}/`) || path.startsWith(`${one}/`));

  for (const { path, text } of texts) {
    yield { path: `${folder}/${path}`, mode: "100644", content: Buffer.from(text) };
  }
  const wanted = [...baseEntries, ...entries.filter((one) => !isInTheWay(one))];
  for await (const file of readEntries(repository, wanted)) yield { ...file, path: `${folder}/${file.path}` };
}
