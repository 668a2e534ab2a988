// How does Gitea, or Forgejo, open a pull request?
import * as z from "zod";
import type { ForgeRepository, NewPullRequest, PullRequestOutcome } from "../core/pull-requests.ts";
import { type ForgeAnswer, openAsk } from "./ask.ts";
import { explainAnswer } from "./explain-answer.ts";
import { type Found, pullRequestAddress } from "./pull-request-address.ts";

const side = z.object({ ref: z.string(), repo_id: z.int() });
const pullRequest = z.object({ number: z.int(), html_url: pullRequestAddress, head: side, base: side });

/** Gitea has no field for it: the title says so. */
const draftPrefix = "WIP: ";
const pageSize = 50;
const maxPages = 20;

export async function openOnGitea(
  { apiUrl, owner, name: repo }: ForgeRepository,
  token: string,
  { base, head, title, body, draft }: NewPullRequest,
): Promise<PullRequestOutcome> {
  const ask = openAsk(apiUrl, `token ${token}`);
  const explain = (answer: ForgeAnswer) => explainAnswer(answer, { token, nowMs: Date.now(), right: "pull requests" });
  /** It cannot be asked for by branch where a name holds a slash, as ours do. */
  const find = async (): Promise<Found> => {
    for (let page = 1; page <= maxPages; page += 1) {
      const query = { owner, repo, state: "open", sort: "newest", limit: pageSize, page };
      const answer = await ask("GET /repos/{owner}/{repo}/pulls", query);
      const listed = z.array(pullRequest).safeParse(answer.kind === "answered" && answer.status === 200 && answer.data);
      if (!listed.success) return explain(answer);
      const one = listed.data.find((each) => {
        return each.head.ref === head && each.base.ref === base && each.head.repo_id === each.base.repo_id;
      });
      if (one) return { kind: "open", url: one.html_url, number: one.number, reused: true };
      if (listed.data.length === 0) break;
    }
    return { kind: "absent" };
  };
  const fields = { owner, repo, base, head, title: draft ? `${draftPrefix}${title}` : title, body };
  const answer = await ask("POST /repos/{owner}/{repo}/pulls", fields);
  const made = pullRequest.safeParse(answer.kind === "answered" && answer.status === 201 && answer.data);
  if (made.success) return { kind: "open", url: made.data.html_url, number: made.data.number, reused: false };
  const again = answer.kind === "answered" && answer.status === 409 ? await find() : undefined;
  return again && again.kind !== "absent" ? again : explain(answer);
}
