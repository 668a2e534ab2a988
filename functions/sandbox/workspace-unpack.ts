// How does a tree of files get into the workspace?
import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import { type Pack, pack } from "tar-stream";
import { type TreeFile, whyBadPath } from "../git/tree.ts";
import { WorkspaceError } from "./workspace-error.ts";
import type { Line } from "./workspace-line.ts";
import { expectDone } from "./workspace-manifest.ts";

/** What Linux takes as the target of a symbolic link. */
const maxTargetBytes = 4095;

/** Writes the files over what is there and removes nothing. When `files` fails, what came before it stays. */
export function unpackFiles(line: Line, files: AsyncIterable<TreeFile>, budgetMs: number): Promise<void> {
  return line.take(budgetMs, async (turn) => {
    await turn.ask({ kind: "unpack" });
    const failure = await sendTar(files, turn.giveData);
    await turn.giveEnd();
    const answer = await turn.hearAnswer();
    // Our own failure first: the runner only saw a tar stream that broke off.
    if (failure) throw failure.error;
    expectDone(turn, answer, "unpack the files");
  });
}

/** Returns what went wrong with the files; throws when the connection did. */
async function sendTar(files: AsyncIterable<TreeFile>, give: (bytes: Buffer) => Promise<void>) {
  const tar = pack();
  let failure: { error: unknown } | undefined;
  const filling = fillTar(tar, files).catch((error: unknown) => {
    failure = { error };
    tar.destroy();
  });
  try {
    for await (const chunk of tar) await give(chunk as Buffer);
  } catch (error) {
    // Only our own destroy, above, ends the tar with an error of its own.
    if (!failure) throw error;
  } finally {
    tar.destroy();
  }
  await filling;
  return failure;
}

async function fillTar(tar: Pack, files: AsyncIterable<TreeFile>): Promise<void> {
  for await (const file of files) {
    const why = whyBadFile(file);
    if (why) throw new WorkspaceError("failed", `cannot unpack ${JSON.stringify(file.path)}: ${why}`);
    const { path: name, mode, content } = file;
    if (mode === "120000") {
      tar.entry({ name, type: "symlink", linkname: content.toString() });
      continue;
    }
    const size = content.length;
    const sink = tar.entry({ name, type: "file", size, mode: mode === "100755" ? 0o755 : 0o644 });
    sink.end(content);
    // Closes once the tar's reader has taken it, so that one file at a time is held in memory.
    await once(sink, "close");
  }
  tar.finalize();
}

function whyBadFile({ path, mode, content }: TreeFile): string | undefined {
  if (mode !== "120000") return whyBadPath(path);
  if (content.length === 0 || content.length > maxTargetBytes) return "its target has no length that Linux takes";
  if (content.includes(0) || !isUtf8(content)) return "its target is not text in UTF-8";
  return whyBadPath(path);
}
