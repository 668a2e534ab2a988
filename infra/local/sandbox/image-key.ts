// Which image fits the present code? A hash over everything that goes into one.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { etcFiles, hostEtcDirectories } from "./etc.ts";
import type { ImageSources } from "./image.ts";
import { programParts } from "./own-code.ts";

/** To be raised when the layout of the image changes. */
const layout = 3;

/**
 * Our code by its content; packages by what the lockfile says, and npm by its version, since reading all of them at every
 * start would cost more than it tells; the runtime by its size and time.
 */
export async function computeImageKey({ checkout, node, npm }: ImageSources): Promise<string> {
  const { size, mtimeMs } = await stat(node);
  const hash = createHash("sha256");
  hash.update(JSON.stringify([layout, size, mtimeMs, etcFiles, hostEtcDirectories]));
  hash.update(JSON.stringify(npm ? await readVersion(npm) : "no npm"));
  for (const part of programParts) await hashTree(hash, checkout, part);
  return hash.digest("hex").slice(0, 24);
}

async function readVersion(directory: string): Promise<unknown> {
  const { name, version } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
  return [name, version];
}

async function hashTree(hash: ReturnType<typeof createHash>, checkout: string, part: string): Promise<void> {
  const path = join(checkout, part);
  if ((await stat(path)).isDirectory()) {
    for (const name of (await readdir(path)).sort()) await hashTree(hash, checkout, `${part}/${name}`);
    return;
  }
  hash.update(JSON.stringify([part, (await readFile(path)).toString("base64")]));
}
