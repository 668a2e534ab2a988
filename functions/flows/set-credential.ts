// How does a workspace get a credential, and lose it? The audit log tells who did it, before it is done; its secret is nowhere else.
import type { Cloud, Credential } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { recordAct } from "./record-act.ts";

/** Of the two writes the act comes first: one too many is found by its reader, a credential without one by nobody. */
export async function setCredential(
  cloud: Cloud,
  workspace: string,
  name: string,
  credential: Credential,
  by: string,
): Promise<void> {
  const { repositories, model, forge } = credential;
  const data = {
    name,
    ...(repositories ? { repositories } : {}),
    ...(model ? { provider: model.provider } : {}),
    ...(forge ? { forge: forge.kind } : {}),
  };
  await recordAct(cloud, `workspace:${workspace}`, by, () => ({ type: "credential_set", data, writes: [] }));
  await cloud.credentials.put(workspace, name, credential);
}

/** What runs goes on with what it was given; what starts later and names it fails. Throws `no_such_credential`. */
export async function removeCredential(cloud: Cloud, workspace: string, name: string, by: string): Promise<void> {
  const known = await cloud.credentials.list(workspace);
  if (!known.includes(name)) {
    const others = known.join(", ") || "none";
    throw new DroverError("no_such_credential", `Workspace ${workspace} has no credential ${name}. It has: ${others}.`);
  }
  const act = { type: "credential_removed", data: { name }, writes: [] };
  await recordAct(cloud, `workspace:${workspace}`, by, () => act);
  await cloud.credentials.remove(workspace, name);
}
