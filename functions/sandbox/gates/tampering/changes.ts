// What has the agent changed, with the text of both sides?
import { compareTrees } from "../../../git/compare-trees.ts";
import { type Repository, readBlob, readCommit } from "../../../git/objects.ts";
import { isSubmodule, type RawEntry } from "../../../git/tree-object.ts";

export interface Side {
  oid: string;
  isLink: boolean;
  /** Undefined for a submodule, for what is no text, and for what is too large to be looked into. */
  text: string | undefined;
}

export interface Change {
  path: string;
  before?: Side;
  after?: Side;
}

const maxTextBytes = 8 * 1024 * 1024;
const maxTotalBytes = 64 * 1024 * 1024;

export async function readChanges(repository: Repository, base: string, commit: string): Promise<Change[]> {
  const { tree: before } = await readCommit(repository, base);
  const { tree: after } = await readCommit(repository, commit);
  let roomBytes = maxTotalBytes;
  async function readSide(entry: RawEntry): Promise<Side> {
    const { oid, mode } = entry;
    if (isSubmodule(entry)) return { oid, isLink: false, text: undefined };
    const bytes = await readBlob(repository, oid);
    const fits = bytes.length <= Math.min(maxTextBytes, roomBytes) && !bytes.includes(0);
    if (fits) roomBytes -= bytes.length;
    return { oid, isLink: mode === "120000", text: fits ? bytes.toString() : undefined };
  }
  const changes: Change[] = [];
  for await (const difference of compareTrees(repository, before, after)) {
    changes.push({
      path: Buffer.from(difference.path, "latin1").toString(),
      ...(difference.before && { before: await readSide(difference.before) }),
      ...(difference.after && { after: await readSide(difference.after) }),
    });
  }
  return changes;
}

/** How often a pattern is found; `pattern` has the flag g. */
export function countMatches(text: string | undefined, pattern: RegExp): number {
  return text?.match(pattern)?.length ?? 0;
}

/** How much more, or less, often it stands in the file now. */
export const countGrowth = ({ before, after }: Change, pattern: RegExp): number =>
  countMatches(after?.text, pattern) - countMatches(before?.text, pattern);
