// How does a commit come to stand on another one? Same author, same words, same time; another tree and parent.
import { type Repository, readCommitObject, writeObject } from "./objects.ts";

/** `tree` is what a merge made of the commit and its new parent. Answers the new commit. */
export async function moveCommit(
  repository: Repository,
  { commit, tree, parent }: { commit: string; tree: string; parent: string },
): Promise<string> {
  const [header = "", ...message] = (await readCommitObject(repository, commit)).split("\n\n");
  const people = header.split("\n").filter((line) => /^(author|committer|encoding) /.test(line));
  const object = [[`tree ${tree}`, `parent ${parent}`, ...people].join("\n"), ...message].join("\n\n");
  return writeObject(repository, "commit", Buffer.from(object, "latin1"));
}
