// Which tools does an agent have?
import type { Repository } from "../../../git/objects.ts";
import type { Workspace } from "../../workspace.ts";
import { type BashOptions, openBash } from "./bash.ts";
import { openChanges } from "./changes.ts";
import { openEditor } from "./edit.ts";
import { openFiles } from "./files.ts";
import { openList } from "./list.ts";
import { type Notes, openNotes } from "./notes.ts";
import { openSearch } from "./search.ts";
import type { Tool } from "./tool.ts";

export interface Toolbox {
  /** Where the workspace lies, as the agent's own programs see it. */
  root: string;
  tools: Tool[];
  notes: Notes;
}

export interface ToolboxOptions {
  workspace: Workspace;
  /** With the base on which the work stands at that moment. */
  repository: () => Repository;
  bash?: BashOptions;
  /** What an earlier attempt has kept. */
  earlierNotes?: string | undefined;
}

/** All of them work in the workspace alone. None knows of a credential, and none can push. */
export async function openToolbox({ workspace, repository, bash, earlierNotes }: ToolboxOptions): Promise<Toolbox> {
  const files = await openFiles(workspace);
  const notes = openNotes(earlierNotes);
  const tools = [
    openBash(workspace, bash),
    openEditor(workspace, files),
    openSearch(workspace, files),
    openList(workspace, files),
    openChanges(workspace, repository),
    notes.tool,
  ];
  return { root: files.root, tools, notes };
}
