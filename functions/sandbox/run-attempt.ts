// What happens in one attempt, from the clone to the receipt?
import type { StartAnswer } from "../core/callbacks.ts";
import type { RejectedBy } from "../core/events.ts";
import type { Failure } from "../core/task.ts";
import { cloneRepository } from "../git/clone.ts";
import { readFiles } from "../git/list-tree.ts";
import type { Repository } from "../git/objects.ts";
import { type Author, chooseAuthor } from "./author.ts";
import { collectWork } from "./collect-work.ts";
import type { ControlPlane } from "./control-plane.ts";
import { explainFailure } from "./explain-failure.ts";
import type { GatesRoom } from "./gates/room.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { judgeWork } from "./judge-work.ts";
import type { KeptUploaded } from "./keep-uploaded.ts";
import type { OutputLog } from "./output-log.ts";
import { publishWork } from "./publish-work.ts";
import type { Workspace } from "./workspace.ts";

export interface Attempt {
  plane: ControlPlane;
  answer: StartAnswer;
  workspace: Workspace;
  /** The clean room for the gates; only for those that need one. */
  openGates(): Promise<GatesRoom>;
  heartbeat: Heartbeat;
  log: OutputLog;
  uploads: KeptUploaded;
  /** A directory of the supervisor's own, absent yet: the git directory. */
  gitDir: string;
  /** Variables that the agent's commands get beside the sandbox's own. */
  commandEnvironment: Record<string, string>;
}

/** What was wrong with the work: for the audit log in a line, for the author whole. */
export interface Rejection {
  by: RejectedBy;
  why: string;
  feedback: string;
  /** Gate → outcome. */
  verdicts?: Record<string, string>;
}

const cloneLimitMs = 15 * 60_000;
const transferLimitMs = 10 * 60_000;
const publishLimitMs = 10 * 60_000;

/**
 * Undefined when the attempt has been completed; else why it failed, still to be reported. Throws a WorkspaceError
 * with the code `lost` when the workspace has ended under us: why, only those know who run the sandbox.
 */
export async function runAttempt(attempt: Attempt): Promise<Failure | undefined> {
  try {
    const repository = await prepareWorkspace(attempt);
    const author = await chooseAuthor(attempt, repository);
    return "class" in author ? author : await workUntilAccepted(attempt, repository, author);
  } catch (error) {
    return explainFailure(error);
  }
}

async function prepareWorkspace({ answer, heartbeat, log, gitDir, workspace }: Attempt): Promise<Repository> {
  const { url, auth, branch } = answer.repository;
  heartbeat.enter("cloning", cloneLimitMs);
  log.note(`cloning branch ${branch}`);
  const repository = await cloneRepository({ dir: gitDir, url, auth, branch });
  heartbeat.enter("unpacking", transferLimitMs);
  await workspace.unpack(readFiles(repository, repository.baseCommit));
  return repository;
}

/** The author's word that it is done is never believed: its work is judged, and goes back to it with what is wrong. */
async function workUntilAccepted(
  attempt: Attempt,
  repository: Repository,
  author: Author,
): Promise<Failure | undefined> {
  const { answer, heartbeat, log, plane } = attempt;
  let rejections = answer.rejections;
  let feedback: string | undefined;
  for (;;) {
    const failure = await author.work(feedback);
    await heartbeat.flush();
    if (failure) return failure;

    const work = await collect(attempt, repository);
    if (work.kind === "unchanged") return completeUnchanged(attempt, repository);
    const judgement = await judgeWork(attempt, repository, work);
    if (judgement.kind === "failed") return judgement.failure;
    if (judgement.kind === "accepted") return publish(attempt, repository, work.commit, judgement.verdicts);

    rejections += 1;
    const { feedback: words, ...rejection } = judgement.rejection;
    log.note(`rejected: ${rejection.why}`);
    if (!author.canRepair || rejections >= answer.limits.rejections) return giveUp(judgement.rejection, rejections);
    await plane.rejected({ ...rejection, rejection: rejections });
    feedback = words;
  }
}

async function collect({ answer, heartbeat, log, workspace }: Attempt, repository: Repository) {
  heartbeat.enter("collecting", transferLimitMs);
  await workspace.quiesce();
  // What the agent made unreadable is part of its tree all the same. `X` leaves the exec bits of files as they are.
  await workspace.run({ argv: ["chmod", "-R", "u+rwX", "."], timeoutMs: transferLimitMs }, () => undefined);
  return collectWork(workspace, repository, commitMessage(answer), log);
}

async function completeUnchanged({ log, plane, uploads }: Attempt, repository: Repository): Promise<undefined> {
  log.note("nothing was changed, so nothing is pushed");
  await uploads.finish();
  await plane.workDone({ commit: repository.baseCommit, files: 0, additions: 0, deletions: 0 });
  await plane.complete({ kind: "no_changes" });
}

async function publish(
  attempt: Attempt,
  repository: Repository,
  commit: string,
  verdicts: Record<string, string>,
): Promise<Failure | undefined> {
  const { answer, heartbeat, log, plane, uploads } = attempt;
  heartbeat.enter("publishing", publishLimitMs);
  const publication = await publishWork(plane, answer, repository, { commit, verdicts });
  if (publication.kind === "failed") return publication.failure;
  log.note(`pushed ${publication.commit} to ${publication.branch}`);
  await uploads.finish();
  await plane.complete(publication);
  return undefined;
}

function giveUp({ by, why }: Rejection, rejections: number): Failure {
  const times = rejections === 1 ? "" : ` It was rejected ${rejections} times.`;
  const message = `${why}${times} The log and the verdicts of the attempt hold the evidence.`;
  // A secret is not a matter of taste: whoever put it there is told, and nothing is tried again.
  return { class: by === "secret_scan" ? "agent_error" : "gate_rejection", message };
}

function commitMessage({ title, prompt, taskId }: StartAnswer): string {
  const body = prompt.trim() === title ? "" : `${prompt.trim()}\n\n`;
  return `${title}\n\n${body}Drover-Task: ${taskId}\n`;
}
