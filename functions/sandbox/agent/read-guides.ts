// What does the repository tell agents? Read from the base commit, by the supervisor, so that no agent can have written it.
import type { Failure } from "../../core/task.ts";
import { listTree, type TreeEntry } from "../../git/list-tree.ts";
import { type Repository, readBlob } from "../../git/objects.ts";

export interface GuideText {
  path: string;
  text: string;
}

export type Guides = { kind: "read"; guides: GuideText[] } | { kind: "failed"; failure: Failure };

const guidePaths = ["AGENTS.md", "CLAUDE.md"] as const;
const maxGuideBytes = 32 * 1024;
const skillPathsOf = (name: string) => [`.drover/skills/${name}.md`, `.claude/skills/${name}/SKILL.md`];
const skillPath = /^\.drover\/skills\/([^/]+)\.md$|^\.claude\/skills\/([^/]+)\/SKILL\.md$/;

/** `skills` are the names that the task gives; one that is not there is a mistake in the task. */
export async function readGuides(repository: Repository, skills: readonly string[]): Promise<Guides> {
  const entries = await listTree(repository, repository.baseCommit);
  const files = new Map(entries.filter(({ mode }) => mode.startsWith("100")).map((entry) => [entry.path, entry]));
  const guides: GuideText[] = [];
  // Many repositories keep one text under both names.
  const byContent = new Map(guidePaths.flatMap((path) => files.get(path) ?? []).map((entry) => [entry.oid, entry]));
  for (const entry of byContent.values()) guides.push(await readGuide(repository, entry));
  for (const name of skills) {
    const entry = skillPathsOf(name).flatMap((path) => files.get(path) ?? [])[0];
    if (!entry) return { kind: "failed", failure: unknownSkill(name, [...files.keys()]) };
    guides.push(await readGuide(repository, entry));
  }
  return { kind: "read", guides };
}

async function readGuide(repository: Repository, { path, oid }: TreeEntry): Promise<GuideText> {
  const content = await readBlob(repository, oid);
  if (content.length <= maxGuideBytes) return { path, text: content.toString() };
  const kept = content.subarray(0, maxGuideBytes).toString();
  return {
    path,
    text: `${kept}\n[drover: cut after ${maxGuideBytes} of ${content.length} bytes; read the file for the rest]`,
  };
}

function unknownSkill(name: string, paths: string[]): Failure {
  const known = new Set(paths.flatMap((path) => skillPath.exec(path)?.slice(1).find(Boolean) ?? []));
  const there = known.size > 0 ? `There are: ${[...known].sort().join(", ")}.` : "The base commit has no skills.";
  const places = skillPathsOf(name).join(" or ");
  return { class: "poison", message: `The task names the skill "${name}", which is not at ${places}. ${there}` };
}
