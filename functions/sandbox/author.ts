// Who does the work of an attempt: a command, or a model?
import type { Failure } from "../core/task.ts";
import type { Conflict } from "../git/merge-stages.ts";
import type { Repository } from "../git/objects.ts";
import type { ReviewInput, ReviewOutcome } from "./agent/review.ts";
import type { Attempt } from "./run-attempt.ts";
import { runCommand } from "./run-command.ts";
import type { Standing } from "./stand-on-base.ts";

export interface Author {
  /** Works until it says that it is done. `feedback` is what was wrong with what it did before. */
  work(standing: Standing, feedback?: string): Promise<Failure | undefined>;
  /** What an earlier attempt was given to decide, and has left in the workspace. */
  unresolved: readonly Conflict[];
  /** A command would only do the same again. */
  canRepair: boolean;
  /** The number of the last message of people that it has heard; absent where nobody listens. */
  heard?(): number;
  /** By somebody who has not seen how the work came about; where there is a model to ask. */
  review?(change: Omit<ReviewInput, "task">): Promise<ReviewOutcome>;
}

export async function chooseAuthor(attempt: Attempt, repository: Repository): Promise<Author | Failure> {
  const { agent } = attempt.answer;
  if (agent.kind === "model") {
    // A third of what the supervisor would load, and of no use to a command.
    const { openModelAuthor } = await import("./model-author.ts");
    return openModelAuthor(attempt, repository, agent);
  }
  return { canRepair: false, unresolved: [], work: () => runCommand(attempt, agent.command) };
}
