// What did a digest say? Its file counts only if it is the one that the table names.
import type { Cloud } from "../core/cloud.ts";
import { type Digest, type DigestRecord, digestFileName, digestSchema, hashDigest, hashPart } from "../core/digest.ts";

/** Undefined when the file is missing, or is not what was written. */
export async function readDigest(cloud: Cloud, record: DigestRecord): Promise<Digest | undefined> {
  const text = await cloud.artifacts.readAuditFile(digestFileName(record));
  if (text === undefined) return undefined;
  const parsed = digestSchema.safeParse(parseJson(text));
  if (!parsed.success || hashDigest(parsed.data) !== record.hash) return undefined;
  const hashes = new Set(Object.values(parsed.data.partHashes));
  const isWhole = parsed.data.parts.length === hashes.size && parsed.data.parts.every((p) => hashes.has(hashPart(p)));
  return isWhole ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Judged by the schema, like any other wrong content.
  }
}

const pageSize = 50;

/** All of them, oldest first. */
export async function* listDigestRecords(cloud: Cloud, afterNumber = 0): AsyncGenerator<DigestRecord> {
  for (let after = afterNumber; ; ) {
    const page = await cloud.table.listDigests(after, pageSize);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.number;
  }
}
