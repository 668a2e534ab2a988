// How does a task live where nothing is stored and nothing is sent? Its requests go through the whole API, and what one flow hands to another is handed on at once.
import { createApp } from "../../../functions/api/app.ts";
import { type AgentId, parseAgentId } from "../../../functions/core/ids.ts";
import { answerNoticeMessages } from "../../../functions/flows/answer-notice-messages.ts";
import { answerWakeUps } from "../../../functions/flows/answer-wake-ups.ts";
import { confirmStop } from "../../../functions/flows/confirm-stop.ts";
import { requestFor, wordsOf } from "../stack/life.ts";
import { openBenchCloud } from "./open-cloud.ts";

const stopped = "Essential container in task exited";
const message = (body: object) => ({
  messageId: "1",
  receiptHandle: "1",
  body: JSON.stringify(body),
  attributes: { ApproximateReceiveCount: "1" },
});

/** Answers how to take one task through its whole life, one after the other. */
export async function openMemoryLife(): Promise<() => Promise<void>> {
  const { cloud, table, apiKey, handed } = await openBenchCloud();
  const app = createApp(async () => cloud);

  async function post(path: string, headers: Record<string, string>, body: object): Promise<void> {
    const init = { method: "POST", headers: { ...headers, "content-type": "application/json" } };
    const answer = await app.request(`/api/orchestrator${path}`, { ...init, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
  }

  async function actFor(agentId: AgentId): Promise<void> {
    const { taskId = "" } = parseAgentId(agentId) ?? {};
    const headers = { "x-drover-token": cloud.tokenOf(agentId) };
    for (const [verb, body] of wordsOf(taskId)) await post(`/attempts/${agentId}/${verb}`, headers, body);
    await confirmStop(cloud, agentId, stopped);
  }

  async function handOn(): Promise<void> {
    for (const taskId of handed.wakeUps.splice(0)) await answerWakeUps(cloud, [message({ taskId })]);
    for (const notice of handed.notices.splice(0)) await answerNoticeMessages(cloud, [message(notice)]);
  }

  return async () => {
    await post("/tasks", { "x-api-key": apiKey }, requestFor("https://git.example/acme/shop"));
    await handOn();
    const [agentId, ...others] = handed.launched.splice(0);
    if (!agentId || others.length > 0) throw new Error(`${others.length + 1} sandboxes were launched for one task`);
    await actFor(agentId);
    await handOn();
    const task = [...table.rows.values()].at(-1)?.task;
    if (task?.status !== "completed" || !task.stopConfirmation) throw new Error(`a task ended as ${task?.status}`);
    // This table looks through all that it holds at each question, which no index does.
    table.rows.clear();
    table.attempts.clear();
    table.idempotency.clear();
  };
}
