// How does a model do the work of an attempt? A conversation in the supervisor, tools in the workspace.
import type { StartAnswer } from "../core/callbacks.ts";
import type { Failure } from "../core/task.ts";
import { readFiles } from "../git/list-tree.ts";
import type { Repository } from "../git/objects.ts";
import type { Asking } from "./agent/call-model.ts";
import {
  maxCheckpointBytes,
  readCheckpoint,
  restoreCheckpoint,
  takeCheckpoint,
  wordResume,
} from "./agent/checkpoint.ts";
import { type Conversation, openConversation } from "./agent/conversation.ts";
import { buildInstructions } from "./agent/instructions/build.ts";
import { readGuides } from "./agent/read-guides.ts";
import { reviewWork } from "./agent/review.ts";
import { openToolbox } from "./agent/tools/all.ts";
import { openAsking } from "./ask-within-budget.ts";
import type { Author } from "./author.ts";
import { describeConflicts } from "./describe-conflicts.ts";
import { downloadArtifact } from "./download.ts";
import { openInbox } from "./inbox.ts";
import type { Attempt } from "./run-attempt.ts";
import type { Standing } from "./stand-on-base.ts";
import { uploadArtifact } from "./upload.ts";
import { WorkspaceError } from "./workspace-error.ts";

type Ground = Pick<Standing, "repository" | "unresolved">;
export type ModelAgent = Extract<StartAnswer["agent"], { kind: "model" }>;

const restoreLimitMs = 20 * 60_000;
const checkpointLimitMs = 15 * 60_000;

/** Into a workspace that holds the base commit. */
export async function openModelAuthor(
  attempt: Attempt,
  repository: Repository,
  agent: ModelAgent,
): Promise<Author | Failure> {
  const { answer, commandEnvironment: env, log, workspace } = attempt;
  const guides = await readGuides(repository, agent.skills);
  if (guides.kind === "failed") return guides.failure;
  const earlier = await restore(attempt, repository, agent);
  const asking = openAsking(attempt, agent);
  const { notes: earlierNotes, unresolved = [] } = earlier ?? {};
  let ground: Ground = { repository, unresolved };
  const toolbox = await openToolbox({ workspace, repository: () => ground.repository, bash: { env }, earlierNotes });
  const checkpoints = openCheckpoints(attempt, () => ({ ...ground, ...conversation.recap() }));
  const inbox = openInbox(attempt);
  const conversation = openConversation({
    ...asking,
    instructions: buildInstructions({ type: agent.type, root: toolbox.root, guides: guides.guides }),
    tools: toolbox.tools,
    notes: toolbox.notes,
    // Asked before each call of the model, when no tool is at work.
    inbox: {
      async take(moment) {
        await checkpoints.takeIfDue();
        return inbox.take(moment);
      },
    },
    log: { note: (text) => log.note(text), write: (text) => log.write(text) },
    resume: earlier?.words,
  });
  return {
    canRepair: true,
    unresolved,
    async work(standing, feedback) {
      ground = standing;
      const failure = await work(conversation, feedback ?? answer.prompt);
      await checkpoints.take();
      return failure;
    },
    heard: inbox.heard,
    review: (change) => review(asking, answer, change),
  };
}

async function work(conversation: Conversation, input: string): Promise<Failure | undefined> {
  const outcome = await conversation.run(input);
  if (outcome.kind === "failed") return outcome.failure;
  return undefined;
}

function review(asking: Asking, { title, prompt }: StartAnswer, change: Parameters<NonNullable<Author["review"]>>[0]) {
  const task = prompt.trim() === title ? prompt : `${title}\n\n${prompt}`;
  return reviewWork(asking, { task, ...change });
}

async function restore(attempt: Attempt, repository: Repository, { checkpointUrl }: ModelAgent) {
  if (!checkpointUrl) return undefined;
  const { answer, heartbeat, log, workspace } = attempt;
  heartbeat.enter("restoring what an earlier attempt has left", restoreLimitMs);
  const bytes = await downloadArtifact(checkpointUrl, maxCheckpointBytes);
  const checkpoint = bytes && readCheckpoint(bytes);
  if (!checkpoint) {
    log.note("what an earlier attempt has left cannot be used; beginning anew");
    return undefined;
  }
  const { notes, unresolved } = checkpoint;
  try {
    const restored = await restoreCheckpoint(workspace, repository, checkpoint);
    log.note(`going on from an earlier attempt: ${restored.paths.length} changed files are back in place`);
    const words = [wordResume(checkpoint, restored)];
    if (unresolved.length > 0) words.push(describeConflicts(answer.repository.branch, unresolved));
    return { words: words.join("\n\n"), notes, unresolved };
  } catch (error) {
    // Half of it may be there; a workspace that is gone is met by whoever empties it.
    if (!(error instanceof WorkspaceError)) throw error;
    log.note(`what an earlier attempt has left cannot be put back, beginning anew: ${error.message}`);
    await workspace.clear();
    await workspace.unpack(readFiles(repository, repository.baseCommit));
    return undefined;
  }
}

/** At most as often as the log is uploaded: each costs a request, and a look at the whole workspace. */
function openCheckpoints(
  { answer, heartbeat, log, workspace }: Attempt,
  look: () => Ground & ReturnType<Conversation["recap"]>,
) {
  let takenAt = Date.now();
  const take = async () => {
    takenAt = Date.now();
    heartbeat.enter("saving a checkpoint", checkpointLimitMs);
    try {
      const { repository, ...recap } = look();
      const bytes = await takeCheckpoint(workspace, repository, recap);
      if (await uploadArtifact(answer.uploads.checkpoint, bytes)) heartbeat.carry({ checkpoint: true });
    } catch (error) {
      // The work itself does not need it; a workspace that is gone is met by whoever needs that next.
      if (!(error instanceof WorkspaceError)) throw error;
      log.note(`no checkpoint could be taken: ${error.message}`);
    }
  };
  return { take, takeIfDue: async () => (Date.now() - takenAt < answer.logUploadMs ? undefined : take()) };
}
