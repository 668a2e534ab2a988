// What is the agent told when its work and the base branch have changed the same things?
import { assertNever } from "../core/errors.ts";
import type { Conflict } from "../git/merge-stages.ts";

const maxTold = 50;

/** `branch` names their side; ours is what the agent has done. */
export function describeConflicts(branch: string, conflicts: readonly Conflict[]): string {
  const told = conflicts.slice(0, maxTold).map((conflict) => `- ${conflict.path}: ${describe(branch, conflict)}`);
  const more = conflicts.length > maxTold ? [`- and ${conflicts.length - maxTold} more`] : [];
  return [
    `While you worked, others have changed the branch "${branch}", and some of their changes meet yours. The files in`,
    "the workspace now hold both. Decide each of these so that both purposes are served, and remove every marker:",
    ...told,
    ...more,
  ].join("\n");
}

function describe(branch: string, { kind, also, aside, markers }: Conflict): string {
  const names = also.join(", ");
  const inFile =
    markers.length > 0 ? ` Both versions are in the file, between lines such as "${markers[0]?.[0]}".` : "";
  const beside = aside ? ` Their version is in ${aside}; that file has to go in the end.` : "";
  switch (kind) {
    case "content":
      return `you and ${branch} have changed the same lines.${inFile}`;
    case "add_add":
      return `you and ${branch} have added different files of this name.${inFile}`;
    case "binary":
      return `you and ${branch} have changed it, and it cannot be merged by lines. Yours stands there.${beside}`;
    case "symlink":
      return `you and ${branch} have pointed this link to different places. Yours stands there.${beside}`;
    case "type":
      return `it is a file on one side, and a link or a submodule on the other.${beside}`;
    case "submodule":
      return "the submodule was moved on both sides. You cannot decide that here.";
    case "mode":
      return "it is executable on one side only.";
    case "modify_delete":
      return "one side has changed it, the other has deleted it. It stands there: keep it, or delete it.";
    case "rename_rename":
      return `one side has renamed it to this, the other to ${names}. Keep one of them.${inFile}`;
    case "rename_delete":
      return `one side has renamed ${names} to this, the other has deleted it. Keep it, or delete it.${inFile}`;
    case "directory_rename":
      return `one side has added it, the other has moved its directory away. It may belong at ${names}.`;
    case "file_directory":
      return `it is a file on one side and a directory on the other. The file is in ${aside}; that name has to go.`;
    case "maybe_renamed":
      return "both sides have deleted it, or renamed it. See that it is not there twice under new names.";
    default:
      return assertNever(kind);
  }
}
