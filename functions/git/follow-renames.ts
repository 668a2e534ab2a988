// One side has renamed a file, the other has changed it: the change belongs under the new name.
import type { Rename } from "./find-renames.ts";
import { mergeEntry } from "./merge-entry.ts";
import { otherSide, type Side, type Stages } from "./merge-stages.ts";
import type { Labels } from "./merge-text.ts";
import type { Repository } from "./objects.ts";
import { isRegularFile } from "./tree-object.ts";

/** Moves the stages of each renamed path to its new name, and notes where that cannot be right. */
export async function followRenames(
  repository: Repository,
  all: Map<string, Stages>,
  renames: Record<Side, readonly Rename[]>,
  labels: Labels,
): Promise<void> {
  const targets = {
    ours: new Map(renames.ours.map(({ from, to }) => [from, to])),
    theirs: new Map(renames.theirs.map(({ from, to }) => [from, to])),
  };
  for (const from of [...new Set([...targets.ours.keys(), ...targets.theirs.keys()])].sort()) {
    const source = all.get(from);
    const [our, their] = [targets.ours.get(from), targets.theirs.get(from)];
    const [ours, theirs] = [our && all.get(our), their && all.get(their)];
    if (!source) continue;
    if (our && ours && their && theirs) {
      await followBoth(repository, source, { path: our, stages: ours }, { path: their, stages: theirs }, labels);
    } else if (our && ours) await followOne(repository, source, from, ours, "ours", labels);
    else if (their && theirs) await followOne(repository, source, from, theirs, "theirs", labels);
  }
}

interface Target {
  path: string;
  stages: Stages;
}

async function followBoth(repository: Repository, source: Stages, our: Target, their: Target, labels: Labels) {
  const { base } = source;
  const { ours } = our.stages;
  const { theirs } = their.stages;
  clear(source);
  if (our.path === their.path) {
    our.stages.base = base;
    return;
  }
  our.stages.trouble = { kind: "rename_rename", also: [their.path] };
  their.stages.trouble = { kind: "rename_rename", also: [our.path] };
  if (!ours || !theirs) return;
  // Whoever chooses one of the two names then has the changes of both sides in it.
  const merge = await mergeEntry(repository, { base, ours, theirs }, labels);
  if (merge.conflict && !merge.markers) return;
  our.stages.ours = { ...merge.entry, name: ours.name };
  their.stages.theirs = { ...merge.entry, name: theirs.name };
  if (merge.markers) for (const { stages } of [our, their]) stages.markers.push(merge.markers);
}

async function followOne(
  repository: Repository,
  source: Stages,
  from: string,
  target: Stages,
  side: Side,
  labels: Labels,
): Promise<void> {
  const other = otherSide(side);
  const { base } = source;
  const renamed = target[side];
  const changed = source[other];
  if (!renamed) return;
  if (changed && isRegularFile(changed) !== isRegularFile(renamed)) {
    // The other side has put something else under the old name. Where it also has the new one, it renamed as well.
    if (target[other]) target.base = base;
    else target.trouble = { kind: "type", also: [from] };
    source.base = undefined;
    return;
  }
  clear(source);
  if (!changed) target.trouble = { kind: "rename_delete", also: [from] };
  else if (!target[other]) {
    target.base = base;
    target[other] = changed;
  } else {
    // The other side has a file of its own there: what is renamed comes with its changes, then the two meet.
    const sides = side === "ours" ? { ours: renamed, theirs: changed } : { ours: changed, theirs: renamed };
    const merge = await mergeEntry(repository, { base, ...sides }, labels);
    target[side] = merge.entry;
    if (merge.conflict) target.trouble = { kind: merge.conflict, also: [from] };
    if (merge.markers) target.markers.push(merge.markers);
  }
}

/** Nothing stands under the old name any more. */
function clear(source: Stages): void {
  source.base = undefined;
  source.ours = undefined;
  source.theirs = undefined;
}
