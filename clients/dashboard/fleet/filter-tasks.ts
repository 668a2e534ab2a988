// Which tasks does the list show, and in what order? Pure.
import type { TaskSummary } from "../../client.ts";
import { isLive } from "../parts/states.ts";

export const groups = ["all", "queued", "live", "completed", "failed", "killed"] as const;
export type Group = (typeof groups)[number];
export const orders = ["newest", "priority", "oldest"] as const;
export type Order = (typeof orders)[number];

/** Of a repository, by its key. */
export type NameOf = (repositoryKey: string) => string;

export interface Filter {
  group: Group;
  search: string;
  repository: string;
  label: string;
  order: Order;
}

export const noFilter: Filter = { group: "all", search: "", repository: "", label: "", order: "newest" };

export function filterTasks(tasks: Iterable<TaskSummary>, filter: Filter, nameOf: NameOf): TaskSummary[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...tasks].filter(
    (task) =>
      isIn(filter.group, task) &&
      (!filter.repository || task.repositoryKey === filter.repository) &&
      (!filter.label || task.labels?.includes(filter.label)) &&
      holdsAll(task, words, nameOf),
  );
  return found.sort(comparisons[filter.order]);
}

const isIn = (group: Group, { status }: TaskSummary) =>
  group === "all" || (group === "live" ? isLive(status) : status === group);

function holdsAll(task: TaskSummary, words: string[], nameOf: NameOf): boolean {
  if (words.length === 0) return true;
  const { title, taskId, repositoryKey, labels = [], owner, backend } = task;
  const text = [title, taskId, nameOf(repositoryKey), owner, backend, ...labels].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Ids are sorted by time. */
const byNewest = (a: TaskSummary, b: TaskSummary) => (a.taskId < b.taskId ? 1 : -1);
const comparisons: Record<Order, (a: TaskSummary, b: TaskSummary) => number> = {
  newest: byNewest,
  oldest: (a, b) => -byNewest(a, b),
  priority: (a, b) => b.priority - a.priority || -byNewest(a, b),
};

export const repositoriesOf = (tasks: Iterable<TaskSummary>) => distinct([...tasks].map((task) => task.repositoryKey));
export const labelsOf = (tasks: Iterable<TaskSummary>) => distinct([...tasks].flatMap((task) => task.labels ?? []));

const distinct = (names: string[]) => [...new Set(names)].sort();
