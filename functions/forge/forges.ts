// Which forge opens the pull request, or takes the comment?
import type { Forges } from "../core/pull-requests.ts";
import { commentOnIssue } from "./comment-on-issue.ts";
import { openOnGitea } from "./gitea.ts";
import { openOnGithub } from "./github.ts";

export function openForges(): Forges {
  const open = { github: openOnGithub, gitea: openOnGitea };
  return {
    openPullRequest: (repository, token, pullRequest) => open[repository.kind](repository, token, pullRequest),
    commentOnIssue,
  };
}
