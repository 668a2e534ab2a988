// What has changed since the agent began? The supervisor looks, for the workspace has no git of its own.
import { z } from "zod";
import { gitBlobId } from "../../../git/blob-id.ts";
import { type Repository, readBlob } from "../../../git/objects.ts";
import { bytesOfText } from "../../../git/tree-object.ts";
import { renderFileDiff, type Side } from "../../../git/unified-diff.ts";
import { type Changes, listChanges } from "../../changed-files.ts";
import type { Workspace } from "../../workspace.ts";
import { clipLines } from "./clip.ts";
import { defineTool, type Outcome, type Tool } from "./tool.ts";

const input = z.strictObject({
  show: z.enum(["status", "diff"]).describe("status: one line for each changed file; diff: the change itself"),
  path: z.string().min(1).optional().describe("Only this file, or what lies below this directory"),
});

const maxDiffCharacters = 60_000;
/** A larger file is named, and not shown. */
const maxFileBytes = 1024 * 1024;
const limitMs = 600_000;

/** `current`: its base moves when the work comes to stand on another one. */
export function openChanges(workspace: Workspace, current: () => Repository): Tool {
  return defineTool({
    name: "changes",
    description:
      "Shows how the repository differs from the commit your work stands on, as git status or git diff would. There is no " +
      "other git here: you neither commit nor push, that is done for you when you have finished.",
    input,
    limitMs,
    async run({ show, path }) {
      const repository = current();
      const changes = await listChanges(workspace, repository);
      const wanted = (candidate: string) => path === undefined || isWithin(candidate, path);
      const chosen = {
        ...changes,
        changed: changes.changed.filter((entry) => wanted(entry.path)),
        deleted: changes.deleted.filter(wanted),
      };
      return show === "status" ? showStatus(chosen) : showDiff(workspace, repository, chosen);
    },
  });
}

function isWithin(path: string, place: string): boolean {
  const folder = place.replace(/^\.\//, "").replace(/\/+$/, "");
  return folder === "." || folder === "" || path === folder || path.startsWith(`${folder}/`);
}

function showStatus({ changed, deleted, skipped, before }: Changes): Outcome {
  const lines = [
    ...changed.map(({ path }) => `${before.has(path) ? "M" : "A"} ${path}`),
    ...deleted.map((path) => `D ${path}`),
  ].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
  const left = skipped.map(({ path, why }) => `! ${path}: left out, ${why}`);
  return { text: [...lines, ...left].join("\n") || "Nothing has changed." };
}

async function showDiff(workspace: Workspace, repository: Repository, changes: Changes): Promise<Outcome> {
  const sections = new Map<string, string>();
  const small = changes.changed.filter(({ size }) => size <= maxFileBytes);
  for (const { path, size } of changes.changed) sections.set(path, `${path}: ${size} bytes, too large to show\n`);
  for await (const { path, mode, content } of workspace.fetch(small)) {
    const after = { mode, oid: gitBlobId(content), content: content.toString("latin1") };
    sections.set(path, await diffOf(repository, changes, path, after));
  }
  for (const path of changes.deleted) sections.set(path, await diffOf(repository, changes, path, undefined));
  const diff = clipLines(
    [...sections.keys()]
      .sort()
      .map((path) => sections.get(path))
      .join(""),
  );
  if (diff.length <= maxDiffCharacters) return { text: diff || "Nothing has changed." };
  const note = `[drover: cut after ${maxDiffCharacters} of ${diff.length} characters; name a path to see the rest]`;
  return { text: `${diff.slice(0, maxDiffCharacters).toWellFormed()}\n${note}` };
}

async function diffOf(repository: Repository, { before }: Changes, path: string, after: Side | undefined) {
  const entry = before.get(path);
  const old = entry && {
    mode: entry.mode,
    oid: entry.oid,
    content: (await readBlob(repository, entry.oid)).toString("latin1"),
  };
  return Buffer.from(renderFileDiff(bytesOfText(path), old, after).text, "latin1").toString();
}
