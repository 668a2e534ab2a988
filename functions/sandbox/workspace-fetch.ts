// How do chosen files get out of the workspace, when the runner that sends them may send anything?
import { type Extract, extract, type Header } from "tar-stream";
import { describeMb } from "../git/limits.ts";
import { type ManifestEntry, namePath, type TreeFile } from "../git/tree.ts";
import { type Answer, maxFileBytes, maxFiles } from "./protocol.ts";
import { WorkspaceError } from "./workspace-error.ts";
import type { Line, Turn } from "./workspace-line.ts";
import { expectDone, givePaths } from "./workspace-manifest.ts";

const maxTargetBytes = 4095;
/** Headers, long names and padding of one file in a tar stream. */
const tarBytesPerFile = 16 * 1024;

/** Yields the files in the order they come. Stopping early is fine: the runner is told, and the rest goes by. */
export async function* fetchFiles(
  line: Line,
  wanted: readonly ManifestEntry[],
  { budgetMs, graceMs, maxBytes }: { budgetMs: number; graceMs: number; maxBytes: number },
): AsyncGenerator<TreeFile, void> {
  refuseTooLarge(wanted, maxBytes);
  const missing = new Set(wanted.map((entry) => entry.path));
  if (missing.size < wanted.length) throw new WorkspaceError("failed", "cannot fetch the same path twice");
  const turn = line.begin(budgetMs);
  try {
    await turn.ask({ kind: "fetch" });
    await givePaths(turn, [...missing]);
    const feed = feedTar(turn, maxBytes + (wanted.length + 1) * tarBytesPerFile);
    try {
      yield* readFiles(turn, feed, missing, maxBytes);
    } finally {
      await feed.stop(graceMs);
    }
  } finally {
    turn.end();
  }
}

function refuseTooLarge(wanted: readonly ManifestEntry[], maxBytes: number): void {
  if (wanted.length > maxFiles) throw new WorkspaceError("too_large", `cannot fetch more than ${maxFiles} files`);
  const large = wanted.find((entry) => entry.size > maxFileBytes);
  if (large)
    throw new WorkspaceError(
      "too_large",
      `${namePath(large.path)} has ${large.size} bytes; a file may have ${describeMb(maxFileBytes)}`,
    );
  const total = wanted.reduce((sum, entry) => sum + entry.size, 0);
  if (total > maxBytes) throw tooMuch(maxBytes);
}

const tooMuch = (maxBytes: number) =>
  new WorkspaceError(
    "too_large",
    `the changed files have more than the ${describeMb(maxBytes)} that are taken at once`,
  );

interface Feed {
  tar: Extract;
  /** Undefined until the runner has answered, which is what ends the tar. */
  answer(): Answer | undefined;
  stop(graceMs: number): Promise<void>;
}

/** Pours what the runner sends into the tar reader, as fast as that takes it, and past it once it is destroyed. */
function feedTar(turn: Turn, maxBytes: number): Feed {
  const tar = extract();
  // The reader meets the error where it reads; a tar that nobody reads any more has nobody to tell.
  tar.on("error", () => undefined);
  let answer: Answer | undefined;
  const pour = async () => {
    let byteCount = 0;
    for (;;) {
      const heard = await turn.hear();
      if (heard.kind === "answer") {
        answer = heard.answer;
        tar.end(null);
        return;
      }
      byteCount += heard.bytes.length;
      if (byteCount > maxBytes) turn.violate("sent a tar stream without end");
      if (!tar.destroyed && !tar.write(heard.bytes)) await untilRoom(tar);
    }
  };
  const pouring = pour().catch((error: Error) => void tar.destroy(error));
  return {
    tar,
    answer: () => answer,
    async stop(graceMs) {
      tar.destroy();
      if (answer) return;
      turn.hurry(graceMs);
      // On a broken line there is nobody to tell; the pouring has ended then, too.
      await turn.ask({ kind: "cancel" }).catch(() => undefined);
      await pouring;
    },
  };
}

/** Also when the tar is destroyed: then there is all the room in the world. */
function untilRoom(tar: Extract): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      tar.off("drain", go);
      tar.off("close", go);
      resolve();
    };
    tar.on("drain", go);
    tar.on("close", go);
  });
}

async function* readFiles(
  turn: Turn,
  feed: Feed,
  missing: Set<string>,
  maxBytes: number,
): AsyncGenerator<TreeFile, void> {
  let total = 0;
  try {
    for await (const entry of feed.tar) {
      const { name, size } = entry.header;
      if (!missing.delete(name)) turn.violate("sent a file that was not asked for, or sent one twice");
      total += size;
      if (size > maxFileBytes) throw new WorkspaceError("too_large", `${namePath(name)} has grown to ${size} bytes`);
      if (total > maxBytes) throw tooMuch(maxBytes);
      yield await readFile(turn, entry.header, entry);
    }
  } catch (error) {
    if (error instanceof WorkspaceError) throw error;
    const answer = feed.answer();
    if (answer) expectDone(turn, answer, "fetch the files");
    turn.violate("sent a broken tar stream");
  }
  const [absent] = missing;
  if (absent !== undefined) throw new WorkspaceError("failed", `cannot fetch ${namePath(absent)}: it is missing`);
  const answer = feed.answer();
  if (answer) expectDone(turn, answer, "fetch the files");
}

async function readFile(turn: Turn, header: Header, body: AsyncIterable<unknown>): Promise<TreeFile> {
  const { name: path, type, size, mode, linkname } = header;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  if (type === "file") {
    return { path, mode: (mode & 0o100) === 0 ? "100644" : "100755", content: Buffer.concat(chunks) };
  }
  if (type !== "symlink") return turn.violate(`sent a ${type}, which is neither a file nor a symbolic link`);
  const content = Buffer.from(linkname ?? "");
  if (size > 0 || content.length === 0 || content.length > maxTargetBytes) turn.violate("sent a link that cannot be");
  return { path, mode: "120000", content };
}
