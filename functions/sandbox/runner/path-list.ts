// Which paths does the supervisor mean?
import type { Readable } from "node:stream";
import { maxListingBytes } from "../protocol.ts";

export async function readPaths(input: Readable): Promise<string[]> {
  const text = (await readPathBytes(input)).toString();
  return text.split("\0").filter((path) => path !== "");
}

/** As they came: each path has a NUL behind it. */
export async function readPathBytes(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  // Not `for await`: leaving it would destroy the stream, and the rest must still come off the line.
  input.on("data", (chunk: Buffer) => {
    byteCount += chunk.length;
    if (byteCount <= maxListingBytes) chunks.push(chunk);
  });
  await new Promise<void>((resolve) => input.once("end", resolve));
  if (byteCount > maxListingBytes) throw new Error("the list of paths is too long");
  return Buffer.concat(chunks);
}
