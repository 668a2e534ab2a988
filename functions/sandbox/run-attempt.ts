// What happens in one attempt, from the clone to the receipt?
import type { StartAnswer } from "../core/callbacks.ts";
import type { RejectedBy } from "../core/events.ts";
import type { Failure } from "../core/task.ts";
import { CloneError, type CloneRequest, cloneRepository } from "../git/clone.ts";
import { readFiles } from "../git/list-tree.ts";
import type { Repository } from "../git/objects.ts";
import { type Author, chooseAuthor } from "./author.ts";
import type { ChangedWork } from "./collect-work.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type Court, openCourt, refuseHopeless } from "./court.ts";
import { explainFailure } from "./explain-failure.ts";
import type { GatesRoom } from "./gates/room.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { insist } from "./insist.ts";
import { type Judgement, judgeWork } from "./judge-work.ts";
import type { KeptUploaded } from "./keep-uploaded.ts";
import type { OutputLog } from "./output-log.ts";
import { publishWork } from "./publish-work.ts";
import { lookWhetherItMerges, type Standing, standOnBase } from "./stand-on-base.ts";
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
  /** Of this process in all; undefined where nobody counts. */
  memoryMb: number | undefined;
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

const spokenMeanwhile =
  "Your work was accepted as it is, but it is not published yet: while it was judged, somebody sent you the message below. " +
  "Do what it asks for. If it asks for nothing, say so and leave the files as they are.";

/** Undefined when the attempt has been completed; else why it failed, still to be reported. */
export async function runAttempt(attempt: Attempt): Promise<Failure | undefined> {
  const court = openCourt(attempt);
  try {
    const repository = await prepareWorkspace(attempt);
    const planned = await court.plan(repository);
    if (planned.kind === "failed") return planned.failure;
    const hopeless = refuseHopeless(attempt, planned.plan);
    if (hopeless) return hopeless;
    court.prepare(repository, planned.plan);
    const author = await chooseAuthor(attempt, repository);
    return "class" in author ? author : await workUntilAccepted(attempt, repository, author, court);
  } catch (error) {
    return explainFailure(error);
  } finally {
    await court.close();
  }
}

async function prepareWorkspace({ answer, heartbeat, log, gitDir, memoryMb, workspace }: Attempt): Promise<Repository> {
  const { url, auth, branch } = answer.repository;
  heartbeat.enter("cloning", cloneLimitMs);
  log.note(`cloning branch ${branch}`);
  const repository = await clone({ dir: gitDir, url, auth, branch, memoryMb });
  heartbeat.enter("unpacking", transferLimitMs);
  await workspace.unpack(readFiles(repository, repository.baseCommit));
  return repository;
}

async function clone(request: CloneRequest): Promise<Repository> {
  const tryOnce = () =>
    cloneRepository(request).catch((error: unknown) => {
      if (error instanceof CloneError && error.problem.kind === "unreachable") return error;
      throw error;
    });
  const cloned = await insist(tryOnce, (answer) => answer instanceof CloneError);
  if (cloned instanceof CloneError) throw cloned;
  return cloned;
}

/** The author's word that it is done is never believed: its work is judged, and goes back to it with what is wrong. */
async function workUntilAccepted(
  attempt: Attempt,
  cloned: Repository,
  author: Author,
  court: Court,
): Promise<Failure | undefined> {
  const { answer, heartbeat, log, plane } = attempt;
  let { rejections } = answer;
  const { unresolved } = author;
  let standing: Standing = { repository: cloned, conflicts: answer.conflicts, unresolved };
  let feedback: string | undefined;
  for (;;) {
    const failure = await author.work(standing, feedback);
    // What it has spent and saved is known before the attempt may end, and its last words before the next step.
    await heartbeat.beat();
    if (failure) return failure;

    const stood = await standOnBase(attempt, author, standing);
    if (stood.kind === "failed") return stood.failure;
    standing = stood.standing;
    const { repository } = standing;
    if (stood.kind === "conflicts") {
      feedback = stood.feedback;
      continue;
    }
    const isUnchanged = stood.kind === "unchanged";
    const work = isUnchanged ? nothingOn(repository) : stood.work;
    const isJudged = !isUnchanged || mustJudgeUnchanged(attempt, author);
    const judgement: Judgement = isJudged
      ? await judgeWork(attempt, repository, { author, court }, work)
      : { kind: "accepted", verdicts: {} };
    if (judgement.kind === "failed") return judgement.failure;
    if (judgement.kind === "accepted") {
      const { verdicts } = judgement;
      const heard = author.heard?.();
      const ending = isUnchanged
        ? await completeUnchanged(attempt, repository, { heard, isReported: isJudged })
        : await publish(attempt, repository, { commit: work.commit, verdicts, heard });
      if (ending.kind !== "unheard") return ending.kind === "failed" ? ending.failure : undefined;
      const why = "Somebody has sent a message that the agent has not heard.";
      log.note(why);
      await plane.rejected({ by: "message", why, rejection: rejections });
      feedback = spokenMeanwhile;
      continue;
    }

    rejections += 1;
    const { feedback: words, ...rejection } = judgement.rejection;
    log.note(`rejected: ${rejection.why}`);
    await plane.rejected({ ...rejection, rejection: rejections });
    if (!author.canRepair || rejections >= answer.limits.rejections) {
      return giveUp(author, judgement.rejection, rejections);
    }
    feedback = words;
  }
}

/** That nothing needs to be done is a claim like any other, where there are gates to hear and somebody to mend it. */
function mustJudgeUnchanged({ answer }: Attempt, author: Author): boolean {
  return author.canRepair && !answer.yolo && answer.gates.gates.length > 0;
}

/** The base itself as the work, so that the gates run on what is there. */
function nothingOn({ baseCommit: commit }: Repository): ChangedWork {
  return { kind: "changed", commit, diff: { text: "", files: [], leftOut: [] } };
}

type Ending = { kind: "done" } | { kind: "unheard" } | { kind: "failed"; failure: Failure };

async function completeUnchanged(
  { log, plane, uploads }: Attempt,
  repository: Repository,
  { heard, isReported }: { heard: number | undefined; isReported: boolean },
): Promise<Ending> {
  log.note("nothing was changed, so nothing is pushed");
  await uploads.flush();
  if (!isReported) await plane.workDone({ commit: repository.baseCommit, files: 0, additions: 0, deletions: 0 });
  const status = await plane.complete({ kind: "no_changes", heard });
  return { kind: status === "completed" ? "done" : "unheard" };
}

async function publish(
  attempt: Attempt,
  repository: Repository,
  work: { commit: string; verdicts: Record<string, string>; heard: number | undefined },
): Promise<Ending> {
  const { answer, heartbeat, log, plane, uploads } = attempt;
  const merge = await lookWhetherItMerges(attempt, repository, work.commit);
  heartbeat.enter("publishing", publishLimitMs);
  const publication = await publishWork(plane, answer, repository, work);
  if (publication.kind !== "pushed") return publication;
  log.note(`pushed ${publication.commit} to ${publication.branch}`);
  await uploads.flush();
  await plane.complete({ ...publication, merge });
  return { kind: "done" };
}

function giveUp({ canRepair }: Author, { by, why }: Rejection, rejections: number): Failure {
  const times = rejections === 1 ? "" : ` It was rejected ${rejections} times.`;
  // A secret is not a matter of taste: what it is, and how people can allow it, stands in the message.
  if (by === "secret_scan") return { class: canRepair ? "gate_rejection" : "agent_error", message: `${why}${times}` };
  return { class: "gate_rejection", message: `${why.slice(0, 200)}${times} See the task's verdicts.` };
}
