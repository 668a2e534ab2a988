// How does a workspace get a credential? The audit log tells who set it, before it is there; its secret is nowhere else.
import type { Cloud, Credential } from "../core/cloud.ts";
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
