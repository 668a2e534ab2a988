// Where is the pull request of a task opened, and what follows a try to open it?
import { isIP } from "node:net";
import { isLoopbackAddress, isPrivateAddress, isPublicAddress } from "./addresses.ts";
import type { Credential } from "./cloud.ts";
import type { TaskEvent } from "./events.ts";

export const forgeKinds = ["github", "gitea"] as const;
/** `gitea` is Forgejo too. */
export type ForgeKind = (typeof forgeKinds)[number];

/** A repository as its forge's API knows it. */
export interface ForgeRepository {
  kind: ForgeKind;
  apiUrl: string;
  owner: string;
  name: string;
}

export type ForgeChoice = { kind: "found"; repository: ForgeRepository } | { kind: "none"; why: string };

/** What a task asked for; the rest is decided when it is opened. */
export interface PullRequestWish {
  /** The branch to merge into; the one that the task started from, when it is not named. */
  base?: string;
  draft?: boolean;
  title?: string;
}

/** What became of the pull request that a task asked for. */
export type PullRequest =
  /** Until the task has completed with a branch. */
  | { state: "wanted" }
  | { state: "delayed"; why: string; tries: number }
  | { state: "open"; url: string; number: number }
  | { state: "failed"; why: string };

export interface NewPullRequest {
  base: string;
  /** A branch of the same repository. */
  head: string;
  title: string;
  /** Markdown. */
  body: string;
  draft: boolean;
}

export type PullRequestOutcome =
  /** `reused`: it was open already, from a try whose answer was lost, or because somebody was faster. */
  | { kind: "open"; url: string; number: number; reused: boolean }
  /** Another try would end the same way. */
  | { kind: "refused"; why: string }
  | { kind: "later"; why: string; afterMs?: number };

export interface NewComment {
  issue: number;
  /** Markdown, with the mark in it. */
  body: string;
  /** What tells a comment of an earlier try. */
  mark: string;
  /** Earlier comments are not looked at. */
  sinceAt: number;
}

export type CommentOutcome =
  /** `reused`: it was there already. */
  { kind: "commented"; url: string; reused: boolean } | Exclude<PullRequestOutcome, { kind: "open" }>;

/** None of these throws, and no answer holds the token. */
export interface Forges {
  /** Opens it, or finds the one that is open from the same branch. */
  openPullRequest(repository: ForgeRepository, token: string, pullRequest: NewPullRequest): Promise<PullRequestOutcome>;
  commentOnIssue(repository: ForgeRepository, token: string, comment: NewComment): Promise<CommentOutcome>;
}

/** Longer waits than a day are not believed. */
const longestWaitMs = 24 * 60 * 60_000;
const maxWhyCharacters = 300;

/** By the credential's word, or by the host. `allowLoopback`: on one machine, plain http to itself. */
export function chooseForge(
  repositoryUrl: string,
  credential: Pick<Credential, "forge"> | undefined,
  allowLoopback: boolean,
): ForgeChoice {
  const url = new URL(repositoryUrl);
  const [owner, name] = url.pathname
    .replace(/\.git$/, "")
    .split("/")
    .filter(Boolean)
    .slice(-2);
  if (!owner || !name) return none(`${repositoryUrl} does not end with an owner and a name, as a forge's addresses do`);
  if (!credential) return none("it needs a credential, whose token may open pull requests");
  const kind = credential.forge?.kind ?? (url.hostname === "github.com" ? "github" : undefined);
  if (!kind) {
    return none(
      `nobody said which forge ${url.host} is: set the credential again, with "forge": {"kind": "github"} or "gitea"`,
    );
  }
  const apiUrl = (credential.forge?.apiUrl ?? defaultApiUrl(kind, url)).replace(/\/+$/, "");
  const why = whyBadApiUrl(apiUrl, allowLoopback);
  return why ? none(`the forge's API at ${apiUrl} cannot be used: ${why}`) : found({ kind, apiUrl, owner, name });
}

/** The event of a try. `tries` counts this one; one more is made than there are waits. */
export function afterPullRequestTry(
  outcome: PullRequestOutcome,
  { tries, now, random }: { tries: number; now: number; random: number },
  backoffMs: readonly number[],
): Extract<TaskEvent, { type: `pull_request_${string}` }> {
  if (outcome.kind === "open") {
    const { url, number, reused } = outcome;
    return { type: "pull_request_opened", url, number, reused };
  }
  const why = outcome.why.slice(0, maxWhyCharacters).toWellFormed();
  const waitMs = backoffMs[tries - 1];
  if (outcome.kind === "refused" || waitMs === undefined) return { type: "pull_request_failed", why, tries };
  // Half of it is random, so that what failed together does not come back together.
  const chosenMs = Math.round(waitMs * (0.5 + random / 2));
  const notBefore = now + Math.min(longestWaitMs, Math.max(chosenMs, outcome.afterMs ?? 0));
  return { type: "pull_request_delayed", why, tries, notBefore };
}

function defaultApiUrl(kind: ForgeKind, { hostname, origin }: URL): string {
  if (kind === "gitea") return `${origin}/api/v1`;
  return hostname === "github.com" ? "https://api.github.com" : `${origin}/api/v3`;
}

/** A forge may stand in a private network, like the repository; where a cloud hands out credentials it does not stand. */
function whyBadApiUrl(text: string, allowLoopback: boolean): string | undefined {
  const url = URL.parse(text);
  if (!url) return "it is not a URL";
  if (url.username || url.password || url.search || url.hash) return "it holds more than a host and a path";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isLoopback = host === "localhost" || isLoopbackAddress(host);
  if (isLoopback && !allowLoopback) return "it leads back to drover itself";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback))
    return "only https keeps the token secret";
  if (isIP(host) && !isPublicAddress(host) && !isPrivateAddress(host)) return "no forge has such an address";
  return undefined;
}

const none = (why: string): ForgeChoice => ({ kind: "none", why });
const found = (repository: ForgeRepository): ForgeChoice => ({ kind: "found", repository });
