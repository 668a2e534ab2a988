// Which tools change something: submit, speak to, kill and repeat a task?
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { paths } from "../api-types.ts";
import { ask, type Drover } from "../client.ts";
import { answer, brief } from "./answer.ts";
import { taskId } from "./read-tools.ts";

type TaskRequest = paths["/api/orchestrator/tasks"]["post"]["requestBody"]["content"]["application/json"];

const submission = z.strictObject({
  repository: z.string().describe("URL of the git repository, or a path on the machine where drover runs"),
  prompt: z.string().describe("What to do, in full: the agent knows nothing else. The first line becomes the title"),
  branch: z.string().optional().describe("Branch to start from; the repository's own, when absent"),
  command: z
    .array(z.string())
    .optional()
    .describe(
      "Program and arguments that do the work, instead of a model agent; then the prompt is the commit message",
    ),
  type: z.enum(["worker", "reviewer", "tester"]).optional().describe("Type of the model agent"),
  model: z.string().optional(),
  credential: z.string().optional().describe("Name of the credential for the repository; never a token"),
  gates: z
    .array(z.string())
    .optional()
    .describe("What the work must pass, as test or lint; an empty list is nothing; by the agent's type, when absent"),
  labels: z.array(z.string()).optional(),
  priority: z.int().min(1).max(10).optional().describe("10 runs first"),
  dollars: z.number().positive().optional().describe("Budget of a model agent"),
  wallClockMs: z.int().optional().describe("Time for one attempt"),
  pullRequest: z.boolean().optional().describe("Open a pull request from the pushed branch"),
  idempotencyKey: z
    .string()
    .optional()
    .describe("The same key makes the same task once in a day: for a call that may be repeated"),
});

export function addActTools(server: McpServer, { api }: Drover): void {
  server.registerTool(
    "submit_task",
    {
      description:
        "Submits a task for an agent in a sandbox of its own, and answers at once. Its result is a pushed branch.",
      inputSchema: submission,
    },
    ({ idempotencyKey, ...asked }) =>
      answer(async () => {
        const header = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
        return brief(await ask(api.POST("/api/orchestrator/tasks", { body: toRequest(asked), params: { header } })));
      }),
  );

  server.registerTool(
    "send_message",
    {
      description: "Says something to the model agent of a running task; it hears it before its next turn.",
      inputSchema: z.object({ taskId, text: z.string() }),
    },
    ({ taskId, text }) =>
      answer(() =>
        ask(api.POST("/api/orchestrator/tasks/{taskId}/messages", { params: { path: { taskId } }, body: { text } })),
      ),
  );

  server.registerTool(
    "kill_task",
    {
      description: "Kills a task now: from this moment on nothing that it does is accepted. It cannot be undone.",
      inputSchema: z.object({ taskId, reason: z.string().min(1).describe("Why: it goes into the audit log") }),
      annotations: { destructiveHint: true },
    },
    ({ taskId, reason }) =>
      answer(async () => {
        const killed = await ask(
          api.POST("/api/orchestrator/tasks/{taskId}/kill", { params: { path: { taskId } }, body: { reason } }),
        );
        return { ...brief(killed.task), stop: killed.stop };
      }),
  );

  server.registerTool(
    "retry_task",
    {
      description: "Asks again for what a failed or killed task asked for, as a new task.",
      inputSchema: z.object({ taskId }),
    },
    ({ taskId }) =>
      answer(async () => {
        const task = await ask(api.POST("/api/orchestrator/tasks/{taskId}/retry", { params: { path: { taskId } } }));
        return { ...brief(task), retryOf: task.retryOf };
      }),
  );
}

function toRequest(asked: Omit<z.output<typeof submission>, "idempotencyKey">): TaskRequest {
  const { command, type, model, gates, dollars, wallClockMs, pullRequest, ...rest } = asked;
  const request = {
    ...rest,
    agent: command ? { kind: "command", command } : { kind: "model", type, model },
    limits: { dollars, wallClockMs },
    ...(gates ? { gates: gates.length > 0 ? { gates } : { profile: "none" } } : {}),
    ...(pullRequest ? { pullRequest: {} } : {}),
  };
  // What was not named is undefined here, and does not cross as JSON.
  return request as TaskRequest;
}
