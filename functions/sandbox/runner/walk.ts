// What is in the workspace that git would take?
import { isUtf8 } from "node:buffer";
import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { gitBlobId } from "../../git/blob-id.ts";
import { addFolders, whyBadPath } from "../../git/tree.ts";
import type { ManifestLine } from "../protocol.ts";
import { readBlob } from "./blob.ts";
import { type IgnoreRules, noRules } from "./ignore-rules.ts";

/** Longer ones cost more to obey than they could be worth. */
const maxGitignoreBytes = 256 * 1024;

interface Folder {
  /** Relative to the workspace, "" for itself. */
  path: string;
  rules: IgnoreRules;
  /** Itself ignored, so that only its tracked files count. */
  ignored: boolean;
}

/** No link is followed. A tracked path is listed even where it is ignored; an ignored folder is entered only for those. */
export async function* walkWorkspace(workspace: string, trackedPaths: readonly string[]): AsyncGenerator<ManifestLine> {
  const tracked = new Set(trackedPaths);
  const trackedFolders = listFolders(trackedPaths);
  const pending: Folder[] = [{ path: "", rules: noRules, ignored: false }];

  for (let folder = pending.pop(); folder; folder = pending.pop()) {
    const names = listNames(workspace, folder.path);
    if ("why" in names) {
      yield { skipped: folder.path, why: names.why };
      continue;
    }
    const rules = addOwnRules(workspace, folder, names.entries);
    for (const entry of names.entries) {
      const path = folder.path === "" ? entry.name.toString() : `${folder.path}/${entry.name}`;
      const isFolder = entry.isDirectory();
      const ignored = folder.ignored || isIgnored(rules, isFolder ? `${path}/` : path);
      if (ignored && !(isFolder ? trackedFolders : tracked).has(path)) continue;
      const why = isUtf8(entry.name) ? whyBadPath(path) : "its name is not UTF-8";
      if (why) yield { skipped: path, why };
      else if (isFolder) pending.push({ path, rules, ignored });
      else yield await describeFile(workspace, path, entry);
    }
  }
}

/** Names as bytes, because not every name is text. */
function listNames(workspace: string, path: string): { entries: Dirent<Buffer>[] } | { why: string } {
  try {
    return { entries: readdirSync(join(workspace, path), { withFileTypes: true, encoding: "buffer" }) };
  } catch (error) {
    return { why: explain(error) };
  }
}

async function describeFile(workspace: string, path: string, entry: Dirent<Buffer>): Promise<ManifestLine> {
  const place = join(workspace, path);
  try {
    if (entry.isSymbolicLink()) return describeLink(path, readlinkSync(place, { encoding: "buffer" }));
    if (!entry.isFile()) return { skipped: path, why: "it is neither a file nor a symbolic link" };
    const blob = await readBlob(place);
    if (blob.kind === "skipped") return { skipped: path, why: blob.why };
    return { path, mode: blob.executable ? "100755" : "100644", size: blob.size, oid: blob.oid };
  } catch (error) {
    return { skipped: path, why: explain(error) };
  }
}

function describeLink(path: string, target: Buffer): ManifestLine {
  if (!isUtf8(target)) return { skipped: path, why: "its target is not UTF-8" };
  return { path, mode: "120000", size: target.length, oid: gitBlobId(target) };
}

/** Git does not obey a .gitignore that is a link. */
function addOwnRules(workspace: string, folder: Folder, entries: readonly Dirent<Buffer>[]): IgnoreRules {
  if (folder.ignored) return folder.rules;
  if (!entries.some((entry) => entry.isFile() && entry.name.toString() === ".gitignore")) return folder.rules;
  const place = join(workspace, folder.path, ".gitignore");
  try {
    if (lstatSync(place).size > maxGitignoreBytes) return folder.rules;
    return folder.rules.with(readFileSync(place, "utf8"), folder.path);
  } catch {
    // Unreadable or just removed: as for git, there are no rules then. The walk itself reports the file.
    return folder.rules;
  }
}

/** Whatever the matcher cannot take as a path is no path that a rule could mean. */
function isIgnored(rules: IgnoreRules, path: string): boolean {
  try {
    return rules.ignores(path);
  } catch {
    // Not ignored, so that it shows up in the listing, as a file or as skipped.
    return false;
  }
}

function listFolders(paths: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) addFolders(path, folders);
  return folders;
}

function explain(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? "it went away while it was read" : `it cannot be read (${code ?? "unknown"})`;
}
