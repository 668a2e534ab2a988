// Who does the work of an attempt: a command, or a model?
import type { Failure } from "../core/task.ts";
import type { Repository } from "../git/objects.ts";
import type { Attempt } from "./run-attempt.ts";
import { runCommand } from "./run-command.ts";

export interface Author {
  /** Works until it says that it is done. `feedback` is what was wrong with what it did before. */
  work(feedback?: string): Promise<Failure | undefined>;
  /** A command would only do the same again. */
  canRepair: boolean;
}

export function chooseAuthor(attempt: Attempt, _repository: Repository): Author {
  const { agent } = attempt.answer;
  if (agent.kind === "command") return { canRepair: false, work: () => runCommand(attempt, agent.command) };
  throw new Error("a model agent cannot work yet");
}
