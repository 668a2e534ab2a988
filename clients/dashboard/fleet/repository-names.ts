// What is a repository called? A list knows its key only; the name is in any of its tasks, and is read once.
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import type { NameOf } from "./filter-tasks.ts";
import type { Tasks } from "./merge-tasks.ts";

/** More repositories than these are shown by their keys. */
const maxNamed = 100;

export function useRepositoryNames(tasks: Tasks): NameOf {
  const keys = useMemo(() => {
    const taskOfKey = new Map<string, string>();
    for (const { repositoryKey, taskId } of tasks.values()) {
      if (taskOfKey.size < maxNamed && !taskOfKey.has(repositoryKey)) taskOfKey.set(repositoryKey, taskId);
    }
    return [...taskOfKey];
  }, [tasks]);
  const names = useQueries({
    queries: keys.map(([key, taskId]) => ({
      queryKey: ["repository", key],
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: Number.POSITIVE_INFINITY,
      queryFn: async () =>
        shorten((await ask(api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }))).repository),
    })),
    combine: (answers) => answers.map(({ data }) => data).join("\n"),
  });
  return useMemo(() => {
    const nameOfKey = new Map(names.split("\n").map((name, index) => [keys[index]?.[0], name]));
    return (key) => nameOfKey.get(key) || key;
  }, [names, keys]);
}

/** Its last two parts: owner and name at a forge. */
const shorten = (repository: string) =>
  repository
    .replace(/\.git\/?$/, "")
    .split("/")
    .filter(Boolean)
    .slice(-2)
    .join("/");
