// Does the repository of a request exist, let us in, and have the branch? Asked before anything is queued.
import type { Cloud, RemoteAuth, RemoteState } from "../core/cloud.ts";
import { assertNever, DroverError, type ErrorCode } from "../core/errors.ts";
import { localRepositoryUser } from "../git/local-repository.ts";
import { locateRepository } from "./locate-repository.ts";

interface RepositoryChoice {
  repository: string;
  branch?: string;
  credential?: string;
}

/** The branch to start from. Throws a DroverError that says what is wrong and what to do. */
export async function checkRepository(cloud: Cloud, workspace: string, choice: RepositoryChoice): Promise<string> {
  const { url, auth } = await locateRepository(cloud, workspace, choice);
  const state = await cloud.remotes.inspect(url, auth, choice.branch);
  if (state.kind === "found") return state.branch;
  if (state.kind === "not_found" && auth?.username === localRepositoryUser) {
    throw new DroverError(
      "repository_not_found",
      `${choice.repository} is not a git repository on this machine. Check the path.`,
    );
  }
  throw new DroverError(codeOf(state), describe(state.message, url, choice.repository, auth));
}

/** People know the repository by the name they gave, not by the address it is served under. */
function describe(message: string, url: string, repository: string, auth: RemoteAuth | undefined): string {
  const named = message.replaceAll(url, repository);
  return auth ? named.replaceAll(auth.password, "***") : named;
}

function codeOf(state: Exclude<RemoteState, { kind: "found" }>): ErrorCode {
  switch (state.kind) {
    case "not_found":
    case "not_git":
      return "repository_not_found";
    case "auth_refused":
      return "repository_auth_refused";
    case "branch_missing":
      return "branch_not_found";
    case "empty":
      return "repository_empty";
    case "too_large":
    case "unreachable":
      return "repository_unreachable";
    default:
      return assertNever(state.kind);
  }
}
