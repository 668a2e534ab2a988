// What id would git give this content? The runner in the sandbox asks too, so this file needs nothing but Node.
import { createHash } from "node:crypto";

/** Git's id of a file's content, whatever its name and mode. */
export function gitBlobId(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.byteLength}\0`).update(content).digest("hex");
}
