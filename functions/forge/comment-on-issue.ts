// How does a comment get on an issue, once? GitHub, Gitea and Forgejo have the same two routes for it.
import * as z from "zod";
import type { CommentOutcome, ForgeRepository, NewComment } from "../core/pull-requests.ts";
import { openAsk } from "./ask.ts";
import { explainAnswer } from "./explain-answer.ts";
import { githubHeaders } from "./github.ts";
import { pullRequestAddress } from "./pull-request-address.ts";

const comment = z.object({ html_url: pullRequestAddress, body: z.string().nullish() });
const route = "/repos/{owner}/{repo}/issues/{issue}/comments";
const pageSize = 100;
const maxPages = 20;
/** A forge's clock is not ours. */
const skewMs = 10 * 60_000;

/** A comment with the mark is from a try whose answer was lost: nothing is written then. */
export async function commentOnIssue(
  { kind, apiUrl, owner, name: repo }: ForgeRepository,
  token: string,
  { issue, body, mark, sinceAt }: NewComment,
): Promise<CommentOutcome> {
  const ask = openAsk(apiUrl, `${kind === "github" ? "Bearer" : "token"} ${token}`);
  const place = { owner, repo, issue, ...(kind === "github" ? { headers: githubHeaders } : {}) };
  const since = new Date(sinceAt - skewMs).toISOString();
  for (let page = 1; page <= maxPages; page += 1) {
    // Gitea knows no pages of these: it shows all of them at once.
    const paging = kind === "github" ? { per_page: pageSize, page } : {};
    const answer = await ask(`GET ${route}`, { ...place, since, ...paging });
    const listed = z.array(comment).safeParse(answer.kind === "answered" && answer.status === 200 && answer.data);
    if (!listed.success) return explainAnswer(answer, { token, nowMs: Date.now(), right: "issues" });
    const ours = listed.data.find((each) => each.body?.includes(mark));
    if (ours) return { kind: "commented", url: ours.html_url, reused: true };
    if (kind === "gitea" || listed.data.length < pageSize) break;
  }
  const answer = await ask(`POST ${route}`, { ...place, body });
  const made = comment.safeParse(answer.kind === "answered" && answer.status === 201 && answer.data);
  if (made.success) return { kind: "commented", url: made.data.html_url, reused: false };
  return explainAnswer(answer, { token, nowMs: Date.now(), right: "issues" });
}
