// How do sources of tasks come and go?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { isSourceId, type Source, type SourceRequest } from "../core/sources.ts";
import { recordAct } from "./record-act.ts";

const maxSources = 100;

/** The secret is stored first: a source in the table always has one. Throws `name_taken`, `too_many_sources`. */
export async function addSource(
  cloud: Cloud,
  by: string,
  workspace: string,
  asked: SourceRequest,
  secret: string,
): Promise<Source> {
  const sourceId = cloud.ids.source();
  const source: Source = { ...asked, sourceId, workspace, createdBy: by, createdAt: cloud.clock.now() };
  await cloud.webhookSecrets.put(sourceId, secret);
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    refuseExcess(source, await cloud.table.listSources(workspace));
    const { name, kind, repositories, trigger, allowedUsers } = source;
    const data = { sourceId, name, kind, repositories, trigger, ...(allowedUsers ? { allowedUsers } : {}) };
    return { type: "source_added", data, writes: [{ kind: "source", source }] };
  });
  return source;
}

function refuseExcess({ workspace, name }: Source, known: readonly Source[]): void {
  const same = known.find((one) => one.name === name);
  if (same) {
    const message = `Workspace ${workspace} has a source ${name} already (${same.sourceId}). Choose another name, or remove that one.`;
    throw new DroverError("name_taken", message);
  }
  if (known.length < maxSources) return;
  const message = `Workspace ${workspace} has ${known.length} sources, which is all it may have. Remove one first.`;
  throw new DroverError("too_many_sources", message);
}

/** The secret goes first, so that a failure in between can be repeated. Nothing that its forge sends is taken from then on. */
export async function removeSource(cloud: Cloud, by: string, workspace: string, id: string): Promise<void> {
  const { sourceId, name } = await findSource(cloud, workspace, id);
  await cloud.webhookSecrets.remove(sourceId);
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    if (!(await cloud.table.getSource(sourceId))) return undefined;
    const writes = [{ kind: "source_removed" as const, workspace, sourceId }];
    return { type: "source_removed", data: { sourceId, name }, writes };
  });
}

/** Throws `source_not_found`. */
async function findSource(cloud: Cloud, workspace: string, id: string): Promise<Source> {
  const source = isSourceId(id) ? await cloud.table.getSource(id) : undefined;
  if (source?.workspace === workspace) return source;
  throw new DroverError("source_not_found", `Workspace ${workspace} has no source ${id}.`);
}
