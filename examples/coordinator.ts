// How does a coordinator of your own dispatch agents, after a check of its own, and take only work that the gates accept?
// DROVER_API_KEY=$(cat .drover/api-key) node examples/coordinator.ts plan.json
//
// plan.json: [{ "id": "fix-typo", "repository": "…", "workItems": ["…"], "agent": { "kind": "model" }, "gates": { "gates": ["test"] } }, …]
import { readFile } from "node:fs/promises";
import { ask, type Drover, DroverProblem, openDrover, type paths } from "../clients/client.ts"; // of your own: "drover/client"

type Spawn = paths["/api/orchestrator/agents/spawn"]["post"]["requestBody"]["content"]["application/json"];
type Piece = Spawn & { id: string };
type Outcome = { id: string; accepted: boolean; why: string };

const maxWorkItems = 5;

/** Its own rules, before an agent costs anything: undefined, or why the piece is not dispatched. */
function preCheck({ workItems = [], gates }: Piece): string | undefined {
  if (workItems.length === 0) return "it has no work items";
  if (workItems.length > maxWorkItems)
    return `it has ${workItems.length} work items: split it, ${maxWorkItems} at most`;
  if (!gates) return "it names no gates, so nothing could vouch for its work";
  return undefined;
}

async function carryOut(drover: Drover, { id, ...spawn }: Piece): Promise<Outcome> {
  const why = preCheck({ id, ...spawn });
  if (why) return { id, accepted: false, why };
  // A coordinator that is started again finds the agents it had, by its own id for them.
  const agent = await ask(
    drover.api.POST("/api/orchestrator/agents/spawn", {
      body: spawn,
      params: { header: { "idempotency-key": `coordinator:${id}` } },
    }),
  );
  console.log(`${id}: ${agent.agentId} is ${agent.status}`);
  for await (const next of drover.followTask(agent.taskId)) {
    if (next.kind === "audit" && next.event.type === "rejected") console.log(`${id}: the gates sent it back`);
  }
  return judge(drover, id, agent.taskId);
}

/** Its end is not enough: the gates must have seen this very work. */
async function judge(drover: Drover, id: string, taskId: string): Promise<Outcome> {
  const task = await ask(drover.api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }));
  // A task that failed may be on a later attempt than the one that was spawned.
  const agentId = `agt_${taskId.slice("tsk_".length)}_${Math.max(1, task.attempt)}`;
  const verdict = await ask(drover.api.POST("/api/orchestrator/quality/check", { body: { taskId, agentId } }));
  const [reason = ""] = verdict.message.split("\n");
  if (!verdict.approved) return { id, accepted: false, why: `${verdict.gate}: ${task.failure?.message ?? reason}` };
  const where = task.branch ? `${task.branch} at ${task.commit}` : "no branch, since nothing was to be changed";
  return { id, accepted: true, why: where };
}

const { DROVER_URL: url = "http://127.0.0.1:8787", DROVER_API_KEY: apiKey } = process.env;
const [planFile] = process.argv.slice(2);
if (!planFile) {
  console.error("usage: node examples/coordinator.ts <plan.json>");
  process.exit(2);
}
const plan: Piece[] = JSON.parse(await readFile(planFile, "utf8"));
const drover = openDrover({ url, apiKey });
// All at once: drover queues what has no slot, and its limits hold for everybody.
const outcomes = await Promise.all(
  plan.map((piece) =>
    carryOut(drover, piece).catch((error: unknown): Outcome => {
      if (error instanceof DroverProblem) return { id: piece.id, accepted: false, why: error.message };
      throw error;
    }),
  ),
);
for (const { id, accepted, why } of outcomes) console.log(`${id}: ${accepted ? "accepted" : "not accepted"}, ${why}`);
process.exitCode = outcomes.every(({ accepted }) => accepted) ? 0 : 1;
