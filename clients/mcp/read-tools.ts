// Which tools look, and change nothing?
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { ask, type Drover, type Task } from "../client.ts";
import { isEnded, taskStatuses } from "../task-statuses.ts";
import { answer, brief, clip } from "./answer.ts";

const readOnly = { annotations: { readOnlyHint: true } };
export const taskId = z.string().describe("Id of the task, as tsk_…");
const attempt = z.int().min(1).optional().describe("An earlier attempt than the last");
const maxCharacters = z.int().min(100).max(200_000).default(20_000);

export function addReadTools(server: McpServer, { api, followTask }: Drover): void {
  const read = (id: string): Promise<Task> =>
    ask(api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId: id } } }));

  server.registerTool(
    "list_tasks",
    {
      ...readOnly,
      description: "Lists the tasks of the workspace, newest first.",
      inputSchema: z.object({
        status: z.enum(taskStatuses).optional(),
        label: z.string().optional(),
        repository: z.string().optional(),
        limit: z.int().min(1).max(100).default(20),
        cursor: z.string().optional().describe("nextCursor of the page before"),
      }),
    },
    (query) =>
      answer(async () => {
        const { tasks, nextCursor } = await ask(api.GET("/api/orchestrator/tasks", { params: { query } }));
        return { tasks: tasks.map(brief), nextCursor };
      }),
  );

  server.registerTool(
    "show_task",
    {
      ...readOnly,
      description: "Reads everything about one task: its prompt, attempts, gates, spend, and how it ended.",
      inputSchema: z.object({ taskId }),
    },
    ({ taskId }) => answer(() => read(taskId)),
  );

  server.registerTool(
    "wait_for_task",
    {
      ...readOnly,
      description:
        "Waits until a task has ended, at most so many seconds, and answers how it is then. Call it again while the status is not completed, failed or killed.",
      inputSchema: z.object({ taskId, seconds: z.int().min(1).max(600).default(50) }),
    },
    ({ taskId, seconds }, context) =>
      answer(async () => {
        await read(taskId); // What does not exist is refused at once.
        const signal = AbortSignal.any([AbortSignal.timeout(seconds * 1000), context.mcpReq.signal]);
        let step: string | undefined;
        for await (const event of followTask(taskId, { signal })) {
          if (event.kind === "progress") step = event.progress.step;
        }
        const task = await read(taskId);
        return { ...brief(task), ...(isEnded(task.status) ? {} : { step }) };
      }),
  );

  const artifacts = {
    read_log: {
      kind: "log",
      keep: "end",
      description: "Reads what the agent of a task printed; the end of it, when it is long.",
    },
    read_diff: {
      kind: "diff",
      keep: "start",
      description: "Reads what the agent of a task changed, as a unified diff.",
    },
  } as const;
  for (const [name, { kind, keep, description }] of Object.entries(artifacts)) {
    server.registerTool(
      name,
      { ...readOnly, description, inputSchema: z.object({ taskId, attempt, maxCharacters }) },
      ({ taskId, attempt, maxCharacters }) =>
        answer(async () => {
          const params = { path: { taskId }, query: attempt === undefined ? {} : { attempt } };
          const whole = await ask(api.GET(`/api/orchestrator/tasks/{taskId}/${kind}`, { params, parseAs: "text" }));
          return clip(whole, maxCharacters, keep);
        }),
    );
  }
}
