// What does a forge say of a pull request that is stored, and shown as a link?
import * as z from "zod";
import type { PullRequestOutcome } from "../core/pull-requests.ts";

export const pullRequestAddress = z.url({ protocol: /^https?$/ }).max(500);

export type Found = PullRequestOutcome | { kind: "absent" };
