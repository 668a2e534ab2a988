// Where do the disks of sandboxes lie, who may reach them, and how are they made and removed?
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { chmod, chown, mkdir } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TaskFolder } from "../containers.ts";
import { makeDiskImage } from "./disk-image.ts";
import { containerGid, isRoot } from "./ordinary-user.ts";

const run = promisify(execFile);
const rootOnlyBase = "/var/lib/drover";

/**
 * The directory under which images and task folders belong. Containers that root starts run under an ordinary uid,
 * which cannot get through, say, /root; then the base lies elsewhere. Closed to every other user of the machine.
 */
export function sandboxBase(dataDirectory: string): string {
  const wanted = resolve(dataDirectory, "sandboxes");
  if (!isRoot()) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return wanted;
  }
  if (!findClosedAncestor(wanted)) return openToContainers(wanted);
  mkdirSync(rootOnlyBase, { recursive: true, mode: 0o711 });
  const found = lstatSync(rootOnlyBase);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`${rootOnlyBase} must be a directory that only root can write, so sandboxes have no place to lie.`);
  }
  const name = createHash("sha256").update(resolve(dataDirectory)).digest("hex").slice(0, 16);
  return openToContainers(join(rootOnlyBase, name));
}

/** Makes the folder of a task. The supervisor needs no more; it may well come first. */
export async function prepareFolder({ root }: TaskFolder): Promise<void> {
  await mkdir(dirname(root), { recursive: true, mode: 0o711 });
  for (const path of [root, join(root, "sockets")]) await mkdir(path, { recursive: true, mode: 0o700 });
}

export interface Disk {
  /** The directory that becomes its /workspace. */
  workspace: string;
  /** To be mounted there: the workspace is as large as this image, and the host sees it empty. */
  image?: string;
}

/** Makes what a confined container needs on disk. `imageMb` for one that has a disk of its own. */
export async function prepareDisk(
  folder: TaskFolder,
  containerName: string,
  { uid, imageMb }: { uid?: number | undefined; imageMb?: number | undefined },
): Promise<Disk> {
  const workspace = await prepareWorkspace(folder, containerName, uid);
  if (imageMb === undefined || uid === undefined) return { workspace };
  const image = `${workspace}.img`;
  await makeDiskImage(image, imageMb, uid);
  return { workspace, image };
}

async function prepareWorkspace(folder: TaskFolder, containerName: string, uid?: number): Promise<string> {
  await prepareFolder(folder);
  const workspace = join(folder.root, workspaceName(containerName));
  const sockets = socketsOf(folder, containerName);
  for (const path of [workspace, sockets]) await mkdir(path, { recursive: true, mode: 0o700 });
  if (uid === undefined) return workspace;
  for (const path of [folder.root, dirname(sockets), sockets]) {
    await chown(path, 0, containerGid);
    await chmod(path, 0o710);
  }
  await chown(workspace, uid, containerGid);
  const closed = findClosedAncestor(folder.root);
  if (closed) throw new Error(`${folder.root} is out of reach for an ordinary uid, because of ${closed}.`);
  return workspace;
}

/** One volume for the supervisor and this container: what one of them could do to its sockets, no other one sees. */
export function socketsOf({ root }: TaskFolder, containerName: string): string {
  return join(root, "sockets", containerName);
}

/** The gates are a clean room: a second confined container of a task does not share the first one's disk. */
function workspaceName(containerName: string): string {
  return containerName === "workspace" ? "workspace" : `workspace-${containerName}`;
}

/**
 * Removes a tree that an agent filled. `rm` goes down relative to open directories, so a link is never followed and a
 * path longer than the system allows is no obstacle; Node's own `rm` fails at both that and directories of mode 000.
 */
export async function removeTree(path: string): Promise<void> {
  if (!isAbsolute(path) || dirname(path) === path) throw new Error(`Refusing to remove ${path}.`);
  if (!existsSync(path)) return;
  if (!isRoot()) await run("chmod", ["-R", "u+rwX", "--", path]).catch(() => undefined); // rm says what is left
  await run("rm", ["-rf", "--", path]);
}

function openToContainers(path: string): string {
  // What is made on the way must let them pass, too.
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  mkdirSync(path, { recursive: true, mode: 0o710 });
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is not a directory, so sandboxes have no place to lie.`);
  chownSync(path, 0, containerGid);
  chmodSync(path, 0o710);
  return path;
}

/** The first directory on the way, if any, that the uid of a container could not pass. */
function findClosedAncestor(path: string): string | undefined {
  const parent = dirname(path);
  const above = parent === path ? undefined : findClosedAncestor(parent);
  if (above || !existsSync(path)) return above;
  const { mode, gid } = statSync(path);
  const isOpen = (mode & 0o001) !== 0 || (gid === containerGid && (mode & 0o010) !== 0);
  return isOpen ? undefined : path;
}
