// What does the workspace hold, as far as its runner says?
import { addFolders, type ManifestEntry, whyBadPath } from "../git/tree.ts";
import { type Answer, type ManifestLine, manifestLineSchema, maxFiles, maxListingBytes } from "./protocol.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { giveUp, type Line, type Turn } from "./workspace-line.ts";

export interface Manifest {
  entries: ManifestEntry[];
  /** Names as the runner gave them, with control characters replaced: for people, not for opening. */
  skipped: { path: string; why: string }[];
}

/** A path of 4096 bytes, each escaped, and the rest of its entry. */
const maxLineBytes = 32 * 1024;

export function listManifest(
  line: Line,
  trackedPaths: readonly string[],
  options: { budgetMs: number; graceMs: number },
): Promise<Manifest> {
  return line.take(options.budgetMs, async (turn) => {
    await turn.ask({ kind: "manifest" });
    await givePaths(turn, trackedPaths);
    const manifest: Manifest = { entries: [], skipped: [] };
    try {
      expectDone(turn, await readLines(turn, (text) => addLine(turn, manifest, text)), "list the workspace");
    } catch (error) {
      // If the runner does not stop, the line breaks and says so itself; the reason stays the first one.
      if (error instanceof WorkspaceError && error.code === "too_large") {
        await giveUp(turn, options.graceMs).catch(() => undefined);
      }
      throw error;
    }
    refuseContradictions(turn, manifest.entries);
    return manifest;
  });
}

/** Paths cannot hold a NUL, so that is what stands behind each. */
export async function givePaths(turn: Turn, paths: readonly string[]): Promise<void> {
  const pathsPerFrame = 1000;
  for (let at = 0; at < paths.length; at += pathsPerFrame) {
    const some = paths.slice(at, at + pathsPerFrame);
    await turn.giveData(Buffer.from(some.map((path) => `${path}\0`).join("")));
  }
  await turn.giveEnd();
}

export function expectDone(turn: Turn, answer: Answer, what: string): void {
  if (answer.kind === "failed") throw new WorkspaceError("failed", `cannot ${what}: ${answer.why}`);
  if (answer.kind !== "done") turn.violate("answered another question");
}

async function readLines(turn: Turn, onLine: (text: string) => void): Promise<Answer> {
  let rest: Buffer = Buffer.alloc(0);
  let byteCount = 0;
  for (;;) {
    const heard = await turn.hear();
    if (heard.kind === "answer") {
      if (rest.length > 0) turn.violate("broke off its listing in the middle of a line");
      return heard.answer;
    }
    byteCount += heard.bytes.length;
    if (byteCount > maxListingBytes) throw new WorkspaceError("too_large", "the workspace's listing is too long");
    const bytes = rest.length > 0 ? Buffer.concat([rest, heard.bytes]) : heard.bytes;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (end - start > maxLineBytes) turn.violate("listed a line that is too long");
      onLine(bytes.toString("utf8", start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > maxLineBytes) turn.violate("listed a line that is too long");
  }
}

function addLine(turn: Turn, { entries, skipped }: Manifest, text: string): void {
  if (entries.length + skipped.length >= maxFiles) {
    throw new WorkspaceError("too_large", `the workspace holds more than ${maxFiles} files`);
  }
  const line = parseLine(text);
  if (line === undefined) turn.violate("listed something that is no file");
  else if ("skipped" in line) skipped.push({ path: makePrintable(line.skipped), why: makePrintable(line.why) });
  else if (whyBadPath(line.path)) turn.violate("listed a path that may not be");
  else entries.push(line);
}

function parseLine(text: string): ManifestLine | undefined {
  try {
    return manifestLineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON; the caller ends the connection over it.
    return undefined;
  }
}

/** One name is one file: no path twice, and none below a file. */
function refuseContradictions(turn: Turn, entries: readonly ManifestEntry[]): void {
  const paths = new Set(entries.map((entry) => entry.path));
  if (paths.size < entries.length) turn.violate("listed a path twice");
  const folders = new Set<string>();
  for (const path of paths) {
    for (const folder of addFolders(path, folders)) if (paths.has(folder)) turn.violate("listed a path below a file");
    if (folders.size > maxFiles)
      throw new WorkspaceError("too_large", `the work lies in more than ${maxFiles} folders`);
  }
}

function makePrintable(text: string): string {
  return text.slice(0, 4096).replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "\ufffd");
}
