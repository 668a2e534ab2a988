// What does the page know of the fleet? The feed keeps it up to date; what an event does not say is read, a little later.
import { type AuditEvent, ask, type TaskSummary } from "../../client.ts";
import { api, drover, noteRefusal, wordsOf } from "../drover.ts";
import { mergeEvents, mergeSnapshot, mergeTasks, type Tasks } from "./merge-tasks.ts";

export type Connection =
  | { kind: "connecting" }
  | { kind: "connected" }
  | { kind: "lost"; why: string; since: number }
  /** The API refuses to tell, and will not change its mind by itself. */
  | { kind: "refused"; why: string };

export interface Fleet {
  tasks: Tasks;
  connection: Connection;
}

export interface FleetStore {
  read(): Fleet;
  listen(onChange: () => void): () => void;
  add(tasks: readonly TaskSummary[]): void;
  /** Follows the workspace until it is told to end. */
  follow(signal: AbortSignal): Promise<void>;
}

const gatherMs = 150;
const readAfterMs = 400;
const pageSize = 100;
/** More than this are read as pages of the list, not one by one. */
const fewTasks = 12;
const maxPages = 11;

export function createFleetStore(workspace: string): FleetStore {
  let fleet: Fleet = { tasks: new Map(), connection: { kind: "connecting" } };
  const listeners = new Set<() => void>();
  const unread = new Set<string>();
  const events: AuditEvent[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let reading: ReturnType<typeof setTimeout> | undefined;

  const set = (change: Partial<Fleet>) => {
    fleet = { ...fleet, ...change };
    for (const tell of listeners) tell();
  };
  const add = (tasks: readonly TaskSummary[]) => {
    const merged = mergeTasks(fleet.tasks, tasks);
    if (merged !== fleet.tasks) set({ tasks: merged });
  };
  const readLater = (taskIds: readonly string[]) => {
    for (const taskId of taskIds) unread.add(taskId);
    if (unread.size > 0) reading ??= setTimeout(() => void readNow(), readAfterMs);
  };
  const readNow = async () => {
    reading = undefined;
    const wanted = new Set(unread);
    unread.clear();
    try {
      if (wanted.size > fewTasks) add(await readNewest(workspace, wanted));
      // Sequential by groups: a browser has six connections to a host, and the feeds hold some of them.
      const rest = [...wanted].slice(0, fewTasks);
      add(await Promise.all(rest.map((taskId) => readTask(taskId))));
    } catch {
      // The feed says that the connection is lost; with its return these are asked for again.
      readLater([...wanted]);
    }
  };
  // A burst of events is one change of the page.
  const takeEvents = () => {
    gathering = undefined;
    const merged = mergeEvents(fleet.tasks, events.splice(0));
    set({ tasks: merged.tasks });
    readLater(merged.toRead);
  };

  return {
    read: () => fleet,
    listen(onChange) {
      listeners.add(onChange);
      return () => void listeners.delete(onChange);
    },
    add,
    async follow(signal) {
      const following = drover.followFleet({
        workspace,
        signal,
        onConnection: (state) =>
          set({
            connection: state.connected
              ? { kind: "connected" }
              : {
                  kind: "lost",
                  why: state.why,
                  since: fleet.connection.kind === "lost" ? fleet.connection.since : Date.now(),
                },
          }),
      });
      try {
        for await (const event of following) {
          if (event.kind === "snapshot") {
            const merged = mergeSnapshot(fleet.tasks, event.snapshot);
            set({ tasks: merged.tasks });
            readLater(merged.toRead);
          } else {
            events.push(event.event);
            gathering ??= setTimeout(takeEvents, gatherMs);
          }
        }
      } catch (error) {
        set({ connection: { kind: "refused", why: wordsOf(error) } });
        noteRefusal(error);
      } finally {
        clearTimeout(gathering);
        clearTimeout(reading);
        gathering = undefined;
        reading = undefined;
      }
    },
  };
}

/** Newest first, until all that is wanted was met; takes what it met out of `wanted`. */
async function readNewest(workspace: string, wanted: Set<string>): Promise<TaskSummary[]> {
  const found: TaskSummary[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages && wanted.size > 0; page += 1) {
    const query = { workspace, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const { tasks, nextCursor } = await ask(api.GET("/api/orchestrator/tasks", { params: { query } }));
    found.push(...tasks);
    for (const { taskId } of tasks) wanted.delete(taskId);
    if (nextCursor === undefined) break;
    cursor = nextCursor;
  }
  return found;
}

const readTask = (taskId: string): Promise<TaskSummary> =>
  ask(api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }));
