// What happens in one attempt, from the clone to the receipt?
import type { StartAnswer } from "../core/callbacks.ts";
import type { Failure } from "../core/task.ts";
import { CloneError, cloneRepository } from "../git/clone.ts";
import { readFiles } from "../git/list-tree.ts";
import { BadPathError } from "../git/plan-changes.ts";
import { collectWork } from "./collect-work.ts";
import { type ControlPlane, Dismissed } from "./control-plane.ts";
import type { GatesRoom } from "./gates/room.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { OutputLog } from "./output-log.ts";
import { publishWork } from "./publish-work.ts";
import { runCommand } from "./run-command.ts";
import { uploadArtifact } from "./upload.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

export interface Attempt {
  plane: ControlPlane;
  answer: StartAnswer;
  workspace: Workspace;
  /** The clean room for the gates; only for those that need one. */
  openGates(): Promise<GatesRoom>;
  heartbeat: Heartbeat;
  log: OutputLog;
  /** A directory of the supervisor's own, absent yet: the git directory. */
  gitDir: string;
  /** Variables that the agent's commands get beside the sandbox's own. */
  commandEnvironment: Record<string, string>;
}

const cloneLimitMs = 15 * 60_000;
const transferLimitMs = 10 * 60_000;
const publishLimitMs = 10 * 60_000;

/** Undefined when the attempt has been completed; else why it failed, still to be reported. */
export async function runAttempt(attempt: Attempt): Promise<Failure | undefined> {
  try {
    return await workAndPublish(attempt);
  } catch (error) {
    return explain(error);
  }
}

async function workAndPublish(attempt: Attempt): Promise<Failure | undefined> {
  const { plane, answer, workspace, heartbeat, log, gitDir } = attempt;
  const { url, auth, branch } = answer.repository;
  heartbeat.enter("cloning", cloneLimitMs);
  log.note(`cloning branch ${branch}`);
  const repository = await cloneRepository({ dir: gitDir, url, auth, branch });
  heartbeat.enter("unpacking", transferLimitMs);
  await workspace.unpack(readFiles(repository, repository.baseCommit));

  if (answer.agent.kind !== "command") throw new Error("no model agent yet");
  const failure = await runCommand(attempt, answer.agent.command);
  await heartbeat.flush();
  if (failure) return failure;

  heartbeat.enter("collecting", transferLimitMs);
  await workspace.quiesce();
  // What the agent made unreadable is part of its tree all the same. `X` leaves the exec bits of files as they are.
  await workspace.run({ argv: ["chmod", "-R", "u+rwX", "."], timeoutMs: transferLimitMs }, () => undefined);
  const work = await collectWork(workspace, repository, commitMessage(answer), log);
  if (work.kind === "unchanged") {
    log.note("nothing was changed, so nothing is pushed");
    await uploadArtifact(answer.uploads.log, log.read());
    await plane.workDone({ commit: repository.baseCommit, files: 0, additions: 0, deletions: 0 });
    await plane.complete({ kind: "no_changes" });
    return undefined;
  }
  const sum = (of: "additions" | "deletions") => work.diff.files.reduce((total, file) => total + file[of], 0);
  await uploadArtifact(answer.uploads.diff, Buffer.from(work.diff.text));
  await plane.workDone({
    commit: work.commit,
    files: work.diff.files.length,
    additions: sum("additions"),
    deletions: sum("deletions"),
  });

  heartbeat.enter("publishing", publishLimitMs);
  const publication = await publishWork(plane, answer, repository, work.commit);
  if (publication.kind === "failed") return publication.failure;
  log.note(`pushed ${publication.commit} to ${publication.branch}`);
  await uploadArtifact(answer.uploads.log, log.read());
  await plane.complete(publication);
  return undefined;
}

function commitMessage({ title, prompt, taskId }: StartAnswer): string {
  const body = prompt.trim() === title ? "" : `${prompt.trim()}\n\n`;
  return `${title}\n\n${body}Drover-Task: ${taskId}\n`;
}

function explain(error: unknown): Failure {
  if (error instanceof Dismissed) throw error;
  if (error instanceof CloneError) {
    const { kind, message } = error.problem;
    return { class: kind === "unreachable" ? "infrastructure" : "poison", message };
  }
  if (error instanceof BadPathError) return { class: "agent_error", message: error.message };
  if (error instanceof WorkspaceError) {
    const agentsDoing = error.code === "too_large" || error.code === "protocol_violation";
    return { class: agentsDoing ? "agent_error" : "infrastructure", message: `The workspace: ${error.message}` };
  }
  console.error("the supervisor failed", error);
  return {
    class: "infrastructure",
    message: `The supervisor failed: ${error instanceof Error ? error.message : error}`,
  };
}
