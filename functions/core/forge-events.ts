// A forge tells what happened to an issue: is it a task, and if not, why not?
import * as z from "zod";
import type { ReadHeader } from "./forge-signature.ts";
import type { ForgeKind } from "./pull-requests.ts";
import { covers, type Source } from "./sources.ts";

/** Without user, query and `..`, so that no pattern can be fooled. */
const cloneUrl = z.url({ protocol: /^https?$/ }).transform((text) => {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`;
});
const user = z.object({ login: z.string().min(1), type: z.string().optional() });
const issue = z.object({
  id: z.int(),
  number: z.int().positive(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.string(),
  updated_at: z.string(),
  user,
  author_association: z.string().optional(),
  labels: z.array(z.object({ name: z.string() })).nullish(),
  assignees: z.array(user).nullish(),
  pull_request: z.unknown().optional(),
});
const comment = z.object({ id: z.int(), body: z.string(), user, author_association: z.string().optional() });
const delivery = z.object({
  action: z.string(),
  repository: z.object({ clone_url: cloneUrl }),
  sender: user,
  issue,
  /** GitHub names what was added; Gitea shows what is there now, and newer ones also what was added. */
  label: z.object({ name: z.string() }).nullish(),
  assignee: user.nullish(),
  comment: comment.nullish(),
  changes: z.object({ added_labels: z.array(z.object({ name: z.string() })).nullish() }).nullish(),
});
type Delivery = z.output<typeof delivery>;
type Comment = z.output<typeof comment>;

export interface IssueCall {
  /** As the forge gives it. */
  cloneUrl: string;
  issue: { number: number; title: string; body: string };
  /** What stands behind the command. */
  instruction: string;
  by: string;
  /** The same for every repetition of this event: forges give a replay a new delivery id. */
  key: string;
}

export type HookDecision =
  | { kind: "task"; call: IssueCall }
  | { kind: "ignored"; why: string }
  | { kind: "unreadable"; why: string };

/** Every comment of ours begins with it, hidden from readers. */
export const commentMark = "<!-- drover:";

const trusted = new Set(["OWNER", "MEMBER", "COLLABORATOR"]);
const eventHeaders: Record<ForgeKind, readonly string[]> = {
  github: ["x-github-event"],
  gitea: ["x-gitea-event", "x-forgejo-event"],
};
const labelActions: Record<ForgeKind, string> = { github: "labeled", gitea: "label_updated" };

export const eventOf = (kind: ForgeKind, header: ReadHeader): string =>
  eventHeaders[kind].map(header).find((value) => value !== undefined) ?? "";

/** `body` was signed with the source's secret, so its forge says this; what people wrote there is theirs all the same. */
export function decideHook(source: Source, event: string, body: unknown): HookDecision {
  if (event === "") return unreadable(`there is no ${eventHeaders[source.kind].join(" or ")} header`);
  if (event === "ping") return ignored("ping: drover hears this forge");
  if (event !== "issues" && event !== "issue_comment") return ignored(`${event} events start nothing`);
  const parsed = delivery.safeParse(body);
  if (!parsed.success) return unreadable(z.prettifyError(parsed.error).replaceAll(/\s+/g, " ").slice(0, 500));
  const { issue, repository, comment } = parsed.data;
  if (!covers(source, repository.clone_url)) return ignored(`${source.name} does not cover ${repository.clone_url}`);
  if (issue.pull_request) return ignored("it is about a pull request");
  if (issue.state !== "open") return ignored(`issue ${issue.number} is ${issue.state}`);
  if (event === "issues") return decideIssue(source, parsed.data);
  return comment ? decideComment(source, parsed.data, comment) : unreadable("it holds no comment");
}

function decideIssue(source: Source, told: Delivery): HookDecision {
  const { issue, sender, action } = told;
  const trigger = triggerOf(source, told);
  if (!trigger) return ignored(`"${action}" of issue ${issue.number} is not what ${source.name} waits for`);
  // A template may put a label on what anybody opens: whoever labels their own issue must be somebody by themselves.
  const isOwn = sameName(sender.login, issue.user.login);
  if (isOwn && !isAllowed(source, sender.login, issue.author_association)) return ignored(whyNot(source, sender.login));
  // Without word of what was added, a later change of the same issue cannot be told from a repetition.
  const moment = trigger.isNamed ? issue.updated_at : "once";
  return task(told, `issue:${issue.id}:${trigger.what}:${moment}`, "");
}

function triggerOf({ kind, trigger }: Source, told: Delivery): { what: string; isNamed: boolean } | undefined {
  const { action, issue, label, assignee, changes } = told;
  if (trigger.label !== undefined && action === labelActions[kind]) {
    const added = kind === "github" ? (label ? [label] : []) : changes?.added_labels;
    const isThere = (added ?? issue.labels ?? []).some(({ name }) => sameName(name, trigger.label));
    if (isThere) return { what: "label", isNamed: Boolean(added) };
  }
  if (trigger.assignee !== undefined && action === "assigned") {
    const assigned = kind === "github" ? (assignee ? [assignee] : []) : (issue.assignees ?? []);
    if (assigned.some(({ login }) => sameName(login, trigger.assignee)))
      return { what: "assignee", isNamed: kind === "github" };
  }
  return undefined;
}

function decideComment(source: Source, told: Delivery, comment: Comment): HookDecision {
  const { action, issue } = told;
  const { command } = source.trigger;
  if (command === undefined) return ignored(`${source.name} takes no commands`);
  if (action !== "created") return ignored(`a comment that was ${action} starts nothing`);
  if (comment.user.type === "Bot" || comment.body.includes(commentMark)) return ignored("it is the comment of a bot");
  const [first = "", ...rest] = comment.body.trim().split(/(?<=^\S+)\s/);
  if (first !== command) return ignored(`the comment does not begin with ${command}`);
  if (!isAllowed(source, comment.user.login, comment.author_association)) {
    return ignored(whyNot(source, comment.user.login));
  }
  return task(told, `issue:${issue.id}:comment:${comment.id}`, rest.join(" ").trim());
}

const task = ({ repository, issue, sender }: Delivery, key: string, instruction: string): HookDecision => ({
  kind: "task",
  call: {
    cloneUrl: repository.clone_url,
    issue: { number: issue.number, title: issue.title, body: issue.body ?? "" },
    ...{ instruction, key },
    by: sender.login,
  },
});

/** Gitea says nothing of what a user is to a repository. */
const isAllowed = ({ kind, allowedUsers = [] }: Source, login: string, association: string | undefined): boolean =>
  allowedUsers.some((allowed) => sameName(allowed, login)) || (kind === "github" && trusted.has(association ?? ""));

const whyNot = ({ kind, name }: Source, login: string): string =>
  kind === "github"
    ? `${login} is neither an owner, member or collaborator there, nor one of the allowedUsers of ${name}`
    : `${login} is not one of the allowedUsers of ${name}`;

const sameName = (a: string, b: string | undefined): boolean => a.toLowerCase() === b?.toLowerCase();
const ignored = (why: string): HookDecision => ({ kind: "ignored", why });
const unreadable = (why: string): HookDecision => ({ kind: "unreadable", why });
