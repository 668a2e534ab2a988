// May a workspace have one task more? Counted before the write, which is bound to the count where the limit is near.
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";

/** More than this many submissions of a workspace are not under way at the same moment. */
const nearTasks = 100;

/** Answers the gate that the creation must pass, if any. Throws `queue_full`. */
export async function admitToQueue(cloud: Cloud, workspace: string): Promise<number | undefined> {
  const { active, gate } = await cloud.table.countTasks(workspace);
  const { queueLimit } = cloud.settings;
  if (active < queueLimit - nearTasks) return undefined;
  if (active < queueLimit) return gate;
  throw new DroverError(
    "queue_full",
    `Workspace ${workspace} has ${active} tasks waiting or running, and may have ${queueLimit}. Send it again later.`,
    { details: { retryAfterSeconds: 60 } },
  );
}
