// On which forge does a task's repository stand, and with which token may we speak to it?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { chooseForge, type ForgeRepository } from "../core/pull-requests.ts";
import { whyBadBranch } from "../git/branch-name.ts";
import { locateRepository } from "./locate-repository.ts";

interface Choice {
  repository: string;
  credential?: string;
}

/** Throws `pull_request_impossible`, or what `locateRepository` throws. */
export async function findForge(
  cloud: Cloud,
  workspace: string,
  choice: Choice,
): Promise<{ repository: ForgeRepository; token: string }> {
  const { url } = await locateRepository(cloud, workspace, choice);
  const { localGit } = cloud.settings;
  if (localGit && url.startsWith(`${localGit.url}/`)) throw impossible(choice, "it is a directory on this machine");
  const credential = choice.credential ? await cloud.credentials.get(workspace, choice.credential) : undefined;
  // Only where the control plane is on the user's machine may a forge be there too.
  const forge = chooseForge(url, credential, localGit !== undefined);
  if (forge.kind === "none") throw impossible(choice, forge.why);
  return { repository: forge.repository, token: credential?.token ?? "" };
}

/** Before anything is queued: nobody should learn after an hour of work that it cannot be asked for. */
export async function refuseWithoutForge(
  cloud: Cloud,
  workspace: string,
  request: Choice & { pullRequest?: { base?: string } },
): Promise<void> {
  const { base } = request.pullRequest ?? {};
  const why = base === undefined ? undefined : whyBadBranch(base);
  if (why) throw new DroverError("invalid_request", `pullRequest.base "${base}" cannot be a branch: ${why}.`);
  await findForge(cloud, workspace, request);
}

function impossible({ repository }: Choice, why: string): DroverError {
  return new DroverError(
    "pull_request_impossible",
    `${repository} has no forge that drover could use: ${why}. Send the task without "pullRequest" and "issue", or mend that first.`,
  );
}
