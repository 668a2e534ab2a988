// Why did a sandbox stop, and what does that mean for its attempt?
import type { Failure } from "./task.ts";

/** What ECS tells of a stopped task, by event and by DescribeTasks. */
export interface SandboxEnd {
  stopCode?: string | undefined;
  stoppedReason?: string | undefined;
  /** The size of the task, in MiB. */
  memory?: string | undefined;
  containers?: { name?: string | undefined; exitCode?: number | undefined; reason?: string | undefined }[] | undefined;
}

/** As ECS names the reason of a container; the other two are those of sandboxes on one machine. */
const limitReason = /^(?:OutOfMemory|ProcessLimit|DiskLimit)Error: /;
/** AWS's own words say less than we know. */
const bareMemoryReason = /^OutOfMemoryError: Container killed due to memory usage/i;

/** What one machine says when nothing runs any more, and the disk is still there. On Fargate it goes with the micro-VM. */
export const folderIsLeft = "its folder could not be removed yet";
export const isFolderLeft = (why: string): boolean => why.endsWith(folderIsLeft);

/** A supervisor's own when it could not begin, because the API never took its first word: as in sysexits.h. */
export const unansweredExitCode = 69;
const unanswered = `supervisor ended with ${unansweredExitCode}: the API did not take its first word`;

export function describeEnd(end: SandboxEnd): string {
  const said = describeCause(end);
  return end.stoppedReason && isFolderLeft(end.stoppedReason) ? `${said}; ${folderIsLeft}` : said;
}

function describeCause({ stopCode, stoppedReason, memory, containers = [] }: SandboxEnd): string {
  const limit = containers
    .map(({ reason }) => reason)
    .find((reason) => reason !== undefined && limitReason.test(reason));
  if (limit && memory && bareMemoryReason.test(limit)) {
    return `OutOfMemoryError: The sandbox used more than its ${groupDigits(memory)} MB of memory.`;
  }
  if (limit) return limit;
  const ends = containers.flatMap(({ name, exitCode }) => {
    if (name === "supervisor" && exitCode === unansweredExitCode) return [unanswered];
    return exitCode ? [`${name} ended with ${exitCode}`] : [];
  });
  return [...[stopCode, stoppedReason].filter(Boolean), ...ends].join("; ") || "no reason given";
}

/** Its work took more than it was given: that would end the same way again. Everything else is the machine's fault. */
export function explainEnd(why: string): Failure {
  if (!limitReason.test(why)) {
    return { class: "infrastructure", message: `The sandbox stopped before its work was done: ${why}` };
  }
  const what = why.replace(limitReason, "");
  return { class: "agent_error", message: `${what} Have the work take less, or give its sandbox more.` };
}

/** ECS or the machine had no room or no network for it just then, or the API was out: nothing was wrong with what was launched. */
const outage =
  /capacity|throttl|rate exceeded|timed? ?out|timeout|network interface|\bENI\b|InternalError|unexpected ec2|no such host|connection (refused|reset)/i;

/** Nobody has told it what to do, so it has done nothing, though its word may have been taken. */
export const hasNotBegun = (why: string): boolean => why.includes(unanswered);

export const isLaunchOutage = (why: string): boolean =>
  hasNotBegun(why) || (why.startsWith("TaskFailedToStart") && outage.test(why));

function groupDigits(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}
