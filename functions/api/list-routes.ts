// How does a user find tasks, and see how many there are?
import * as z from "zod";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { isTaskId, type TaskId } from "../core/ids.ts";
import { type ApiKey, phaseOf } from "../core/table.ts";
import { type Task, taskStatuses } from "../core/task.ts";
import { readStats } from "../flows/read-stats.ts";
import { isSound } from "../flows/sound-tasks.ts";
import { repositoryKeyOf } from "../flows/submit-task.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json, ofWorkspace, ofWorkspaces, tasks } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { chooseWorkspace, requireRole } from "./roles.ts";
import { taskSummarySchema, viewTasks } from "./task-view.ts";

/** What one request reads at most when a filter throws most of it away; the cursor goes on from there. */
const maxRead = 300;
/** What may be thrown away is read in few requests, however few tasks are asked for. */
const readAtOnce = 100;

const filters = z.strictObject({
  status: z.enum(taskStatuses).optional(),
  priority: z.coerce.number().int().min(1).max(10).optional(),
  repository: z.string().max(2048).optional(),
  label: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().optional(),
  ...ofWorkspace,
});
type Filters = z.output<typeof filters>;

const listSchema = z.object({
  tasks: z.array(taskSummarySchema),
  /** Ids of tasks whose stored data cannot be shown. */
  unreadable: z.array(z.string()).optional(),
  nextCursor: z.string().optional(),
});

const list = createRoute({
  method: "get",
  path: tasks,
  summary: "List the workspace's tasks, newest first",
  security,
  request: { query: filters },
  responses: {
    200: {
      description:
        "One page; `nextCursor` is absent on the last. With filters a page may be short, or empty, and go on",
      content: json(listSchema),
    },
    400: problemResponse("A filter, the limit or the cursor is not valid"),
  },
});

const statsSchema = z.object({
  queued: z.int(),
  delayed: z.int(),
  /** `delayed` is at least so many: there are more of all workspaces than are looked at, and these count as queued. */
  moreDelayed: z.literal(true).optional(),
  launching: z.int(),
  running: z.int(),
  verifying: z.int(),
  publishing: z.int(),
  completed: z.int(),
  failed: z.int(),
  killed: z.int(),
  /** Of how many workspaces, where all were asked for. */
  workspaces: z.int().optional(),
});

const stats = createRoute({
  method: "get",
  path: "/api/orchestrator/stats",
  summary: "How many tasks are in which state, of one workspace or of all",
  security,
  request: { query: z.strictObject(ofWorkspaces) },
  responses: {
    200: { description: "The counts", content: json(statsSchema) },
    403: problemResponse("The key may not look at that workspace, or at all of them"),
  },
});

const workspaces = createRoute({
  method: "get",
  path: "/api/orchestrator/workspaces",
  summary: "The workspaces that the key may look at",
  security,
  responses: {
    200: {
      description: "All of them for a super admin, its own for any other",
      content: json(z.object({ workspaces: z.array(z.string()) })),
    },
  },
});

export function addListRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(list, async (context) => {
    const cloud = await openCloud();
    const filter = context.req.valid("query");
    const workspace = chooseWorkspace(await authenticate(cloud, context), filter.workspace);
    const page = await readPage(cloud, workspace, filter);
    return context.json({ ...viewTasks(page.tasks), nextCursor: page.next }, 200);
  });
  app.openapi(stats, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { workspace, everything } = context.req.valid("query");
    if (everything === "false") return context.json(await readStats(cloud, [chooseWorkspace(key, workspace)]), 200);
    requireRole(key, "super_admin");
    const all = await visibleTo(cloud, key);
    return context.json({ ...(await readStats(cloud, all)), workspaces: all.length }, 200);
  });
  app.openapi(workspaces, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    return context.json({ workspaces: await visibleTo(cloud, key) }, 200);
  });
}

async function visibleTo(cloud: Cloud, key: ApiKey): Promise<string[]> {
  const known = key.role === "super_admin" ? await cloud.table.listWorkspaces() : [];
  return [...new Set([key.workspace, ...known])].sort();
}

async function readPage(cloud: Cloud, workspace: string, filter: Filters): Promise<{ tasks: Task[]; next?: TaskId }> {
  const phase = filter.status && phaseOf(filter.status);
  const { priority, repository, label } = filter;
  const limit = priority || repository || label ? readAtOnce : filter.limit;
  const found: Task[] = [];
  let before = parseCursor(filter.cursor);
  for (let read = 0; read < maxRead; ) {
    const page = await cloud.table.listTasks(workspace, { before, limit, phase });
    read += page.tasks.length;
    for (const task of page.tasks) {
      if (!matches(task, filter)) continue;
      found.push(task);
      if (found.length === filter.limit)
        return {
          tasks: found,
          ...(task.taskId === page.tasks.at(-1)?.taskId && !page.next ? {} : { next: task.taskId }),
        };
    }
    if (!page.next) return { tasks: found };
    before = page.next;
  }
  return { tasks: found, next: before };
}

function matches(task: Task, { status, priority, repository, label }: Filters): boolean {
  if (status && task.status !== status) return false;
  if (priority && task.priority !== priority) return false;
  if (repository && task.repositoryKey !== repositoryKeyOf(repository)) return false;
  return !label || (isSound(task) && (task.labels ?? []).includes(label));
}

function parseCursor(cursor: string | undefined): TaskId | undefined {
  if (cursor === undefined || isTaskId(cursor)) return cursor;
  throw new DroverError("invalid_request", "The cursor is not one that a list answered. Start without a cursor.");
}
