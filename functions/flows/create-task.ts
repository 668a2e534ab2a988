// How is a new task written once, though the table is busy or silent?
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { CreateOutcome, Creation } from "../core/table.ts";

const tries = 8;
/** One more try of a silent table takes longer than this, and the function has thirty seconds in all. */
const patienceMs = 10_000;
const backoffMs = 25;

/** Throws `busy`. */
export async function createTask(cloud: Cloud, creation: Creation): Promise<CreateOutcome> {
  const until = cloud.clock.now() + patienceMs;
  for (let n = 1; n <= tries && cloud.clock.now() < until; n += 1) {
    const outcome = await cloud.table.createTask(creation);
    if (outcome.kind !== "contended") return outcome;
    await cloud.clock.sleep(cloud.ids.random() * backoffMs * 2 ** n);
  }
  // Nobody else has its id: one of the tries was written after all.
  if (await cloud.table.getTask(creation.task.taskId)) return { kind: "created" };
  throw mayBeMade(creation);
}

/** The last try may be under way still. */
function mayBeMade({ idempotency }: Creation): DroverError {
  const next = idempotency
    ? "Send the request again: that makes no second one."
    : "Look for it in the list before you send the request again: that makes another, unless both have one Idempotency-Key.";
  return new DroverError("busy", `The table is busy, and does not say whether the task was made. ${next}`);
}
