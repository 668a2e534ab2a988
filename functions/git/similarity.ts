// How much of one file is in another? Git's measure: the bytes of the lines that both hold, of the larger one's bytes.
import { type Repository, readBlob } from "./objects.ts";

interface Measured {
  sizeBytes: number;
  /** How many bytes of the file are in copies of each chunk. */
  chunks: Map<string, number>;
}

/** A line, or a part of a long one. */
const chunkBytes = 64;

/** Remembers what it has read, for as long as one search goes on. Answers 0 to 1. */
export function openSimilarity(repository: Repository): (oid: string, otherOid: string) => Promise<number> {
  const known = new Map<string, Measured>();
  const measure = async (oid: string) => {
    const measured = known.get(oid) ?? measureContent((await readBlob(repository, oid)).toString("latin1"));
    known.set(oid, measured);
    return measured;
  };
  return async (oid, otherOid) => {
    const [smaller, larger] = [await measure(oid), await measure(otherOid)].sort((a, b) => a.sizeBytes - b.sizeBytes);
    if (!smaller || !larger || smaller.sizeBytes === 0) return 0;
    let commonBytes = 0;
    for (const [chunk, bytes] of smaller.chunks) commonBytes += Math.min(bytes, larger.chunks.get(chunk) ?? 0);
    return commonBytes / larger.sizeBytes;
  };
}

function measureContent(content: string): Measured {
  const chunks = new Map<string, number>();
  const text = content.includes("\0") ? content : content.replaceAll("\r\n", "\n");
  let start = 0;
  while (start < text.length) {
    const lineEnd = text.indexOf("\n", start);
    const end = Math.min(start + chunkBytes, lineEnd < 0 ? text.length : lineEnd + 1);
    const chunk = text.slice(start, end);
    chunks.set(chunk, (chunks.get(chunk) ?? 0) + chunk.length);
    start = end;
  }
  return { sizeBytes: content.length, chunks };
}
