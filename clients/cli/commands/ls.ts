// `drover ls`: which tasks are there, and what do they do? With --watch for as long as somebody looks.
import { setTimeout } from "node:timers/promises";
import { Command, Option } from "@commander-js/extra-typings";
import { type AuditEvent, ask, type TaskSummary } from "../../client.ts";
import { taskStatuses } from "../../task-statuses.ts";
import { type Cli, openCli } from "../cli.ts";
import { listenForCtrlC, sayConnection } from "../follow.ts";
import { given, parseCount } from "../inputs.ts";
import { type Column, formatTable, printTable } from "../table.ts";
import { colourStatus, dim, note, print, printJson, printJsonLine, terminalWidth, yellow } from "../terminal.ts";
import { sayAge, sayEvent, sayMarks } from "../words.ts";

const pageSize = 100;
/** Many things may happen at once: the table is drawn anew so often at most. */
const drawEveryMs = 500;
const clear = "\u001b[H\u001b[2J";

const examples = `
Examples:
  drover ls --status running
  drover ls --label nightly --limit 100 --json | jq -r '.tasks[].taskId'
  drover ls --watch`;

export const lsCommand = () =>
  new Command("ls")
    .alias("list")
    .summary("Lists tasks, newest first")
    .description("Lists the tasks of the workspace, newest first")
    .addOption(new Option("-s, --status <status>", "only tasks in this state").choices(taskStatuses))
    .option("--priority <1-10>", "only tasks of this priority", parseCount)
    .option("-r, --repository <url>", "only tasks of this repository")
    .option("-l, --label <name>", "only tasks with this label")
    .option("-n, --limit <count>", "how many", parseCount, 25)
    .option("-w, --watch", "go on showing what changes, until Ctrl-C; as NDJSON with --json")
    .addHelpText("after", examples)
    .action(async ({ watch: isWatching, ...filters }, command) => {
      const cli = openCli(command);
      if (isWatching) return watch(cli, filters);
      const { tasks, unreadable } = await readTasks(cli, filters);
      if (cli.json) return printJson({ tasks, ...(unreadable.length > 0 ? { unreadable } : {}) });
      if (tasks.length === 0) note("No task is like that. Submit one: drover run --help");
      else printTable(tasks, columns);
      for (const taskId of unreadable) note(`${taskId} cannot be shown: its stored data is spoilt`);
    });

interface Filters {
  status?: TaskSummary["status"];
  priority?: number;
  repository?: string;
  label?: string;
  limit: number;
}

const columns: Column<TaskSummary>[] = [
  { title: "ID", of: ({ taskId }) => taskId },
  { title: "STATUS", of: ({ status }) => status, style: (padded, { status }) => colourStatus(status, padded) },
  { title: "PRI", of: ({ priority }) => priority, right: true },
  { title: "TRY", of: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}`, right: true },
  { title: "AGE", of: ({ createdAt }) => sayAge(createdAt), right: true, style: dim },
  { title: "TITLE", of: ({ title }) => title, flexible: true },
  { title: "MARKS", of: (task) => sayMarks(task), style: yellow },
];

/** With filters a page may be short and go on, so pages are read until there are enough. */
async function readTasks(
  cli: Cli,
  { limit, ...filters }: Filters,
): Promise<{ tasks: TaskSummary[]; unreadable: string[] }> {
  const tasks: TaskSummary[] = [];
  const unreadable: string[] = [];
  for (let cursor: string | undefined; tasks.length < limit; ) {
    const size = Math.min(pageSize, limit - tasks.length);
    const query = { ...given({ ...filters, cursor }), limit: size, ...cli.namedWorkspace };
    const page = await ask(cli.api.GET("/api/orchestrator/tasks", { params: { query } }));
    tasks.push(...page.tasks);
    unreadable.push(...(page.unreadable ?? []));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  return { tasks, unreadable };
}

async function watch(cli: Cli, filters: Filters): Promise<void> {
  const { signal } = listenForCtrlC("the list");
  const feed = cli.followFleet({ signal, ...cli.namedWorkspace, onConnection: sayConnection(cli.json) });
  if (process.stdout.isTTY && !cli.json) return redraw(cli, filters, feed, signal);
  for await (const event of feed) {
    if (cli.json) printJsonLine(event);
    else if (event.kind === "audit") print(sayLine(event.event));
  }
}

const sayLine = (event: AuditEvent) => `${event.at}  ${event.taskId}  ${event.to.padEnd(10)}  ${sayEvent(event)}`;

/** Whatever has happened, the list is read anew: its filters are the API's. */
async function redraw(cli: Cli, filters: Filters, feed: AsyncGenerator<unknown>, signal: AbortSignal): Promise<void> {
  let isStale = true;
  const listen = async () => {
    for await (const _ of feed) isStale = true;
  };
  const draw = async () => {
    while (!signal.aborted) {
      if (isStale) {
        isStale = false;
        const { tasks } = await readTasks(cli, { ...filters, limit: Math.min(filters.limit, process.stdout.rows - 3) });
        process.stdout.write(`${clear}${formatTable(tasks, columns, terminalWidth())}\n${dim("Ctrl-C leaves")}\n`);
      }
      await setTimeout(drawEveryMs, undefined, { signal }).catch(() => undefined); // Ctrl-C: the loop sees it.
    }
  };
  await Promise.all([listen(), draw()]);
}
