// Which forge opens the pull request?
import type { Forges } from "../core/pull-requests.ts";
import { openOnGitea } from "./gitea.ts";
import { openOnGithub } from "./github.ts";

export function openForges(): Forges {
  const open = { github: openOnGithub, gitea: openOnGitea };
  return {
    openPullRequest: (repository, token, pullRequest) => open[repository.kind](repository, token, pullRequest),
  };
}
