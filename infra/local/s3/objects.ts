// Where does an object lie on disk? One file each, named by the hash of its key, so that no key can leave the folder.
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../atomic-file.ts";

/** The first line of an object's file, as JSON; the data follows. In one file, so that one rename writes both. */
export interface ObjectHead {
  key: string;
  size: number;
  etag: string;
  modifiedAt: number;
  /** Headers to give back as they were: content-type, x-amz-meta-*, and their like. */
  headers: Record<string, string>;
}

export interface OpenObject {
  head: ObjectHead;
  file: FileHandle;
  /** Where the data begins in the file. */
  offset: number;
}

export type Bucket = Awaited<ReturnType<typeof openBucket>>;

const maxHeadBytes = 16 * 1024;

export async function openBucket(dir: string) {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(dir)) {
    // Left by a process that died while it wrote: never renamed, so never acknowledged.
    if (name.endsWith(".tmp")) await rm(join(dir, name), { force: true });
  }

  const pathOf = (key: string) => join(dir, createHash("sha256").update(key).digest("hex"));

  async function put(head: ObjectHead, body: Buffer, options: { onlyIfAbsent: boolean }): Promise<void> {
    await writeAtomically(pathOf(head.key), [`${JSON.stringify(head)}\n`, body], options);
  }

  /** The caller closes the file. It stays readable as it is when the object is replaced or deleted meanwhile. */
  function get(key: string): Promise<OpenObject | undefined> {
    return openObject(pathOf(key));
  }

  async function remove(key: string): Promise<void> {
    await rm(pathOf(key), { force: true });
  }

  /** Reads the head of every object: fine for the thousands of a laptop, not for more. */
  async function list(prefix: string): Promise<ObjectHead[]> {
    const heads: ObjectHead[] = [];
    for (const name of await readdir(dir)) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const object = await openObject(join(dir, name));
      if (object?.head.key.startsWith(prefix)) heads.push(object.head);
      await object?.file.close();
    }
    return heads.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  return { put, get, remove, list };
}

async function openObject(path: string): Promise<OpenObject | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxHeadBytes), 0, maxHeadBytes, 0);
    const lineEnd = buffer.subarray(0, bytesRead).indexOf("\n");
    return { head: JSON.parse(buffer.toString("utf8", 0, lineEnd)) as ObjectHead, file, offset: lineEnd + 1 };
  } catch (error) {
    await file.close();
    throw error;
  }
}
