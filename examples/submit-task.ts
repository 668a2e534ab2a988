// How does a program ask drover for work, and follow it to its end?
// DROVER_API_KEY=$(cat .drover/api-key) node examples/submit-task.ts /home/me/project npx --yes prettier --write .
import { ask, openDrover } from "../clients/client.ts"; // in a project of your own: "drover/client"

const { DROVER_URL: url = "http://127.0.0.1:8787", DROVER_API_KEY: apiKey, IDEMPOTENCY_KEY: key } = process.env;
const [repository, ...command] = process.argv.slice(2);
if (!repository || command.length === 0) {
  console.error("usage: node examples/submit-task.ts <repository> <command> [argument…]");
  process.exit(2);
}

const drover = openDrover({ url, apiKey });
const { taskId } = await ask(
  drover.api.POST("/api/orchestrator/tasks", {
    body: { repository, prompt: `Run ${command.join(" ")}`, agent: { kind: "command", command } },
    // The same key makes the same task. Give one that says what is asked for ("nightly-2026-11-26"), and this program may be
    // run again when it does not know whether it was heard.
    params: { header: key === undefined ? {} : { "idempotency-key": key } },
  }),
);
console.log(`${taskId} is queued`);

// Lost connections are taken up again where they broke off; nothing comes twice.
for await (const next of drover.followTask(taskId)) {
  if (next.kind === "audit") console.log(`v${next.event.version} ${next.event.type} → ${next.event.to}`);
}

const task = await ask(drover.api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }));
if (task.status !== "completed") {
  console.error(`${taskId} is ${task.status}: ${task.failure?.message ?? task.killed?.reason ?? "no reason is known"}`);
  process.exit(1);
}
console.log(task.branch ? `${task.branch} is at ${task.commit}` : "there was nothing to change");
