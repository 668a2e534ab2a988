// How do we read and write single git objects? Straight from and to the object store: no index, no work tree.
import fs from "node:fs";
import git from "isomorphic-git";
import { parseTreeObject, type RawEntry, renderTreeObject } from "./tree-object.ts";

/** A clone without a work tree. One writer at a time. */
export interface Repository {
  /** The git directory itself (bare). */
  readonly gitDir: string;
  /** The commit that the work grows from, and that the remote has; its parents may not be here. */
  readonly baseCommit: string;
  /** The engine keeps its pack indexes in here: the same object for every call, or each one parses them again. */
  readonly cache: object;
  /** Of the process that reads it, in all; a few thousand where it is left out. */
  readonly memoryMb?: number | undefined;
}

export interface CommitHeader {
  tree: string;
  parents: string[];
}

export async function readCommit(repository: Repository, oid: string): Promise<CommitHeader> {
  const header = (await readObject(repository, oid, "commit")).toString().split("\n\n", 1)[0] ?? "";
  const tree = /^tree ([0-9a-f]{40})$/m.exec(header)?.[1];
  if (!tree) throw new Error(`Commit ${oid} names no tree.`);
  return { tree, parents: [...header.matchAll(/^parent ([0-9a-f]{40})$/gm)].map(([, parent = ""]) => parent) };
}

/** The whole of it, header and message, one byte per character. */
export async function readCommitObject(repository: Repository, oid: string): Promise<string> {
  return (await readObject(repository, oid, "commit")).toString("latin1");
}

export async function readTree(repository: Repository, oid: string): Promise<RawEntry[]> {
  return parseTreeObject(await readObject(repository, oid, "tree"));
}

export function readBlob(repository: Repository, oid: string): Promise<Buffer> {
  return readObject(repository, oid, "blob");
}

export function writeTree(repository: Repository, entries: Iterable<RawEntry>): Promise<string> {
  return writeObject(repository, "tree", renderTreeObject(entries));
}

export function writeObject({ gitDir }: Repository, type: "blob" | "tree" | "commit", object: Buffer): Promise<string> {
  return git.writeObject({ fs, gitdir: gitDir, type, object, format: "content" });
}

async function readObject({ gitDir, cache }: Repository, oid: string, type: string): Promise<Buffer> {
  const found = await git.readObject({ fs, gitdir: gitDir, cache, oid, format: "content" });
  if (found.type !== type || !(found.object instanceof Uint8Array)) {
    throw new Error(`Object ${oid} is a ${found.type}, and a ${type} was expected.`);
  }
  return Buffer.from(found.object.buffer, found.object.byteOffset, found.object.byteLength);
}
