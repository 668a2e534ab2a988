// Under which address and with which credential is a task's repository reached?
import type { Cloud, RemoteAuth } from "../core/cloud.ts";
import { mayBeSentTo } from "../core/credential-scope.ts";
import { DroverError } from "../core/errors.ts";
import { localRepositoryPassword, localRepositoryUrl, localRepositoryUser } from "../git/local-repository.ts";
import { parseRepositoryUrl } from "../git/repository-url.ts";

/** Throws `repository_invalid` for an address we cannot use, `credential_not_found` for a name nobody set. */
export async function locateRepository(
  cloud: Cloud,
  workspace: string,
  choice: { repository: string; credential?: string },
): Promise<{ url: string; auth?: RemoteAuth }> {
  const parsed = parseRepositoryUrl(choice.repository);
  switch (parsed.kind) {
    case "bad":
      throw new DroverError("repository_invalid", parsed.message);
    case "file": {
      if (choice.credential) {
        throw new DroverError(
          "repository_invalid",
          `${choice.repository} is on this machine and needs no credential. Leave it out.`,
        );
      }
      const { localGit } = cloud.settings;
      if (!localGit) {
        throw new DroverError(
          "repository_invalid",
          `${choice.repository} is a path on your machine, which this control plane cannot read. Give an https:// URL.`,
        );
      }
      const password = localRepositoryPassword(localGit.secret, parsed.path);
      return { url: localRepositoryUrl(localGit.url, parsed.path), auth: { username: localRepositoryUser, password } };
    }
    case "https": {
      if (!choice.credential) return { url: parsed.url };
      const found = await cloud.credentials.get(workspace, choice.credential);
      if (!found) {
        throw new DroverError(
          "credential_not_found",
          `Workspace ${workspace} has no credential ${choice.credential}. ` +
            `Set it with PUT /api/orchestrator/workspaces/${workspace}/credentials/${choice.credential}.`,
        );
      }
      if (!mayBeSentTo(found, parsed.url)) {
        throw new DroverError(
          "credential_not_for_repository",
          `The credential ${choice.credential} of workspace ${workspace} may not be sent to ${new URL(parsed.url).host}. ` +
            `An admin can allow it: set the credential again with "repositories": ["${parsed.url}"].`,
        );
      }
      return { url: parsed.url, auth: { username: found.username, password: found.token } };
    }
  }
}
