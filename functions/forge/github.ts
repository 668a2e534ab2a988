// How does GitHub open a pull request?
import * as z from "zod";
import type { ForgeRepository, NewPullRequest, PullRequestOutcome } from "../core/pull-requests.ts";
import { type ForgeAnswer, openAsk } from "./ask.ts";
import { explainAnswer } from "./explain-answer.ts";
import { type Found, pullRequestAddress } from "./pull-request-address.ts";

/** Where the API itself changes, GitHub keeps this form of it. */
export const githubHeaders = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };
const pullRequest = z.object({ number: z.int(), html_url: pullRequestAddress });

export async function openOnGithub(
  { apiUrl, owner, name: repo }: ForgeRepository,
  token: string,
  { base, head, title, body, draft }: NewPullRequest,
): Promise<PullRequestOutcome> {
  const ask = openAsk(apiUrl, `Bearer ${token}`);
  const explain = (answer: ForgeAnswer) => explainAnswer(answer, { token, nowMs: Date.now(), right: "pull requests" });
  const find = async (): Promise<Found> => {
    const query = { owner, repo, base, head: `${owner}:${head}`, state: "open", per_page: 1, headers: githubHeaders };
    const answer = await ask("GET /repos/{owner}/{repo}/pulls", query);
    const listed = z.array(pullRequest).safeParse(answer.kind === "answered" && answer.status === 200 && answer.data);
    if (!listed.success) return explain(answer);
    const [one] = listed.data;
    return one ? { kind: "open", url: one.html_url, number: one.number, reused: true } : { kind: "absent" };
  };
  const known = await find();
  if (known.kind !== "absent") return known;
  const fields = { owner, repo, base, head, title, body, draft, headers: githubHeaders };
  const answer = await ask("POST /repos/{owner}/{repo}/pulls", fields);
  const made = pullRequest.safeParse(answer.kind === "answered" && answer.status === 201 && answer.data);
  if (made.success) return { kind: "open", url: made.data.html_url, number: made.data.number, reused: false };
  // Somebody may have been faster; the words for that are the forge's own affair.
  const again = answer.kind === "answered" && answer.status === 422 ? await find() : undefined;
  return again?.kind === "open" ? again : explain(answer);
}
