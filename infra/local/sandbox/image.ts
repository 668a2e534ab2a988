// What is drover's own part of a confined container on this machine? A directory made once and shared, read-only.
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { etcFiles, hostEtcDirectories } from "./etc.ts";
import { computeImageKey } from "./image-key.ts";
import { findNpmPackage } from "./npm.ts";
import { codeFolder, placePrograms } from "./own-code.ts";

/** Where the parts come from. Tests bring their own checkout. */
export interface ImageSources {
  checkout: string;
  node: string;
  /** npm's package directory. Without it the image has no npm, and says so by not having it. */
  npm?: string | undefined;
}

const abandonedMs = 3_600_000;
/** An attempt lasts a day at most. */
const outdatedMs = 2 * 24 * 3_600_000;
const underWay = new Map<string, Promise<string>>();

export function defaultSources(): ImageSources {
  return { checkout: codeFolder, node: process.execPath, npm: findNpmPackage() };
}

/** The image of the present code below `base` (see sandboxBase), made if it is not there yet. */
export async function ensureImage(base: string, sources: ImageSources = defaultSources()): Promise<string> {
  const path = join(base, "images", await computeImageKey(sources));
  const making = underWay.get(path) ?? makeImage(path, sources).finally(() => underWay.delete(path));
  underWay.set(path, making);
  return making;
}

/** The final name appears in one step, so that an image is whole or absent, and of two processes one wins. */
async function makeImage(path: string, sources: ImageSources): Promise<string> {
  if (await exists(path)) return path;
  const parent = dirname(path);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  await chmod(parent, 0o755);
  await removeAbandoned(parent);
  const draft = await mkdtemp(join(parent, ".making-"));
  try {
    await fillImage(draft, sources);
    await placeSealed(join(dirname(parent), "runtimes"), sources.node, join(draft, "opt/libexec/node"));
    await rename(draft, path);
    return path;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (await exists(path)) return path;
    throw new Error(`The sandbox image cannot be made in ${parent}: ${(error as Error).message}`, { cause: error });
  }
}

async function fillImage(draft: string, { checkout, node, npm }: ImageSources): Promise<void> {
  await writeEtc(join(draft, "etc"));
  const opt = join(draft, "opt");
  await mkdir(join(opt, "bin"), { recursive: true });
  await placeProgram(node, join(opt, "bin/node"));
  await writeFile(join(opt, "package.json"), '{ "type": "module" }\n');
  await placePrograms(checkout, join(opt, "sandbox"));
  if (npm) {
    await copyTree(npm, join(opt, "lib/node_modules/npm"));
    await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(opt, "bin/npm"));
    await symlink("../lib/node_modules/npm/bin/npx-cli.js", join(opt, "bin/npx"));
  }
  await openForReading(draft);
}

async function writeEtc(etc: string): Promise<void> {
  await mkdir(etc);
  for (const [name, text] of Object.entries(etcFiles)) await writeFile(join(etc, name), text);
  // bubblewrap cannot make a mount point in a directory that is read-only, so they are here beforehand.
  for (const path of hostEtcDirectories) await mkdir(join(dirname(etc), path), { recursive: true });
}

/** A second name for the same file costs nothing; a copy where that is another disk, not ours, or not for everyone. */
async function placeProgram(from: string, to: string): Promise<void> {
  const isForEveryone = ((await stat(from)).mode & 0o005) === 0o005;
  const linked =
    isForEveryone &&
    (await link(from, to).then(
      () => true,
      () => false,
    ));
  if (!linked) await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** One copy for all images, since it is large: it cannot be a second name of the runtime, whose mode is another. */
async function placeSealed(folder: string, node: string, to: string): Promise<void> {
  const { size, mtimeMs } = await stat(node);
  const kept = join(folder, `${size}-${mtimeMs}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await mkdir(dirname(to));
  if (!(await exists(kept))) {
    const draft = join(folder, `.${randomUUID()}`);
    await copyFile(node, draft, constants.COPYFILE_FICLONE);
    await chmod(draft, 0o111);
    await rename(draft, kept);
  }
  await link(kept, to);
}

/** Follows links out of the tree (a linked package), and leaves out what only compilers and debuggers read. */
async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, dereference: true, filter: (path) => !/\.(d\.[cm]?ts|map)$/.test(path) });
}

/** Whatever the umask or the modes of the sources: the ordinary uid of a container reads this, and nobody writes it. */
async function openForReading(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const { mode, nlink } = await stat(full);
    // A file with two names is the runtime, whose mode is right already and not ours to change.
    if (nlink > 1 && entry.isFile()) continue;
    await chmod(full, entry.isDirectory() || (mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
  await chmod(path, 0o755);
}

/** What a killed process has left half-made, and images of older code that no sandbox can be running on any more. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const keptMs = name.startsWith(".making-") ? abandonedMs : outdatedMs;
    const path = join(parent, name);
    const found = await stat(path).catch(() => undefined); // its maker may have renamed it meanwhile
    if (found && Date.now() - found.mtimeMs > keptMs) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
