// How does a function reach a forge? One pull request stands for a branch; an answer may be lost after it was opened.
import type {
  CommentOutcome,
  ForgeRepository,
  Forges,
  NewPullRequest,
  PullRequestOutcome,
} from "../../../functions/core/pull-requests.ts";
import type { Activity } from "../engine/activity.ts";
import { watchPullRequest } from "../invariants/pull-requests.ts";
import type { Stage } from "../stage.ts";
import { callCloud, type Operation } from "./call.ts";

const later: PullRequestOutcome = { kind: "later", why: "the forge does not answer" };
const open: Operation = {
  ...{ name: "open a pull request", code: 311, isOnce: true, longestMs: 1_500 },
  ...{ whenThrottled: later, answerWhenLost: later },
};

export class SimForges implements Forges {
  readonly #stage: Stage;
  readonly #activity: Activity;

  constructor(stage: Stage, activity: Activity) {
    this.#stage = stage;
    this.#activity = activity;
  }

  openPullRequest(_: ForgeRepository, __: string, { head }: NewPullRequest): Promise<PullRequestOutcome> {
    return callCloud(this.#activity, open, () => this.#open(head));
  }

  /** No task of the simulation belongs to an issue. */
  async commentOnIssue(): Promise<CommentOutcome> {
    return { kind: "refused", why: "there are no issues" };
  }

  #open(head: string): PullRequestOutcome {
    const { world, pullRequests } = this.#stage;
    if (world.strikes(this.#activity, "forge_failed")) return later;
    if (world.strikes(this.#activity, "forge_refused")) {
      this.#stage.refusedHeads.add(head);
      return { kind: "refused", why: "the token may not open pull requests" };
    }
    const known = pullRequests.get(head);
    if (known) return { kind: "open", url: urlOf(known), number: known, reused: true };
    watchPullRequest(this.#stage, head);
    const number = pullRequests.size + 1;
    pullRequests.set(head, number);
    return { kind: "open", url: urlOf(number), number, reused: false };
  }
}

const urlOf = (number: number) => `https://git.example/acme/shop/pulls/${number}`;
