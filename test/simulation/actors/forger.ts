// What if one sandbox speaks in another's name? Its own token must not open anybody else's attempt.
import { agentIdOf } from "../../../functions/core/ids.ts";
import { type Caller, readAsCaller } from "../../../functions/flows/call-back.ts";
import { reportWork } from "../../../functions/flows/finish-work.ts";
import { request } from "./request.ts";
import { commitOf, type Supervisor } from "./supervisor.ts";

export async function tryForeignToken(supervisor: Supervisor, { token, agentId }: Caller): Promise<void> {
  const { stage, main } = supervisor;
  const others = [...stage.table.rows.values()].map(({ task }) => agentIdOf(task.taskId, Math.max(1, task.attempt)));
  const victim = others.find((other) => other !== agentId);
  if (!victim) return;
  const forged = { agentId: victim, token };
  const read = await request(stage, main, "forged read", (cloud) => readAsCaller(cloud, forged));
  const work = { commit: commitOf(agentId, 9), files: 1, additions: 0, deletions: 0 };
  const wrote = await request(stage, main, "forged write", (cloud) => reportWork(cloud, forged, work));
  if (read.kind === "answered" || wrote.kind === "answered") {
    stage.world.fail("token_forged", `the token of ${agentId} was taken for ${victim}`);
  }
}
