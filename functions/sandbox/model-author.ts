// How does a model do the work of an attempt? A conversation in the supervisor, tools in the workspace.
import type { StartAnswer } from "../core/callbacks.ts";
import type { Failure } from "../core/task.ts";
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
import { downloadArtifact } from "./download.ts";
import { openInbox } from "./inbox.ts";
import type { Attempt } from "./run-attempt.ts";
import { uploadArtifact } from "./upload.ts";
import { WorkspaceError } from "./workspace-error.ts";

export type ModelAgent = Extract<StartAnswer["agent"], { kind: "model" }>;

const restoreLimitMs = 10 * 60_000;

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
  const toolbox = await openToolbox({ workspace, repository, bash: { env }, earlierNotes: earlier?.notes });
  const checkpoints = openCheckpoints(attempt, repository, () => conversation.recap());
  const inbox = openInbox(attempt);
  const conversation = openConversation({
    ...asking,
    instructions: buildInstructions({ type: agent.type, root: toolbox.root, guides: guides.guides }),
    tools: toolbox.tools,
    notes: toolbox.notes,
    // Asked before each call of the model, when no tool is at work.
    inbox: {
      async take() {
        await checkpoints.takeIfDue();
        return inbox.take();
      },
    },
    log: { note: (text) => log.note(text), write: (text) => log.write(text) },
    resume: earlier?.words,
  });
  return {
    canRepair: true,
    async work(feedback) {
      const failure = await work(conversation, feedback ?? answer.prompt);
      await checkpoints.take();
      return failure;
    },
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
  const { heartbeat, log, workspace } = attempt;
  heartbeat.enter("restoring what an earlier attempt has left", restoreLimitMs);
  const bytes = await downloadArtifact(checkpointUrl, maxCheckpointBytes);
  const checkpoint = bytes && readCheckpoint(bytes);
  if (!checkpoint) {
    log.note("what an earlier attempt has left cannot be used; beginning anew");
    return undefined;
  }
  const restored = await restoreCheckpoint(workspace, repository, checkpoint);
  log.note(`going on from an earlier attempt: ${restored.paths.length} changed files are back in place`);
  return { words: wordResume(checkpoint, restored), notes: checkpoint.notes };
}

/** At most as often as the log is uploaded: each costs a request, and a look at the whole workspace. */
function openCheckpoints(
  { answer, heartbeat, log, workspace }: Attempt,
  repository: Repository,
  recap: Conversation["recap"],
) {
  let takenAt = Date.now();
  const take = async () => {
    takenAt = Date.now();
    try {
      const bytes = await takeCheckpoint(workspace, repository, recap());
      if (await uploadArtifact(answer.uploads.checkpoint, bytes)) heartbeat.carry({ checkpoint: true });
    } catch (error) {
      // The work itself does not need it; a workspace that is gone is met by whoever needs that next.
      if (!(error instanceof WorkspaceError)) throw error;
      log.note(`no checkpoint could be taken: ${error.message}`);
    }
  };
  return { take, takeIfDue: async () => (Date.now() - takenAt < answer.logUploadMs ? undefined : take()) };
}
