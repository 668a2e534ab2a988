// Which image fits the present code? A hash over everything that goes into one.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { etcFiles, hostEtcDirectories } from "./etc.ts";
import type { ImageSources } from "./image.ts";
import { findPackage } from "./own-code.ts";

/** To be raised when the layout of the image changes. */
const layout = 2;

/**
 * Our code by its content; packages by their version, since reading all of zod and npm at every start would cost more
 * than it tells; the runtime by its size and time.
 */
export async function computeImageKey(
  { checkout, node, npm }: ImageSources,
  codeParts: readonly string[],
  packageNames: readonly string[],
): Promise<string> {
  const { size, mtimeMs } = await stat(node);
  const packages = packageNames.map((name) => findPackage(checkout, name));
  const hash = createHash("sha256");
  hash.update(JSON.stringify([layout, size, mtimeMs, etcFiles, hostEtcDirectories]));
  hash.update(JSON.stringify(await Promise.all([...packages, ...(npm ? [npm] : [])].map(readVersion))));
  for (const part of codeParts) await hashTree(hash, checkout, part);
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
