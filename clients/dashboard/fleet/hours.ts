// How has the last day gone? Told by the server, hour by hour.
import { useQuery } from "@tanstack/react-query";
import { ask, type paths } from "../../client.ts";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/stats/hours";
export type Hour = paths[typeof path]["get"]["responses"][200]["content"]["application/json"]["hours"][number];

const everyMs = 15_000;

export function useHours() {
  const { workspace } = useSigned();
  return useQuery({
    queryKey: ["hours", workspace],
    refetchInterval: everyMs,
    queryFn: async () => (await ask(api.GET(path, { params: { query: { workspace } } }))).hours,
  });
}

/** All workspaces together, for who may see them and where there is more than one. */
export function useHoursOfAll() {
  const { mayAll } = useSigned();
  return useQuery({
    queryKey: ["hours of all"],
    enabled: mayAll,
    refetchInterval: 4 * everyMs,
    async queryFn() {
      const { workspaces } = await ask(api.GET("/api/orchestrator/workspaces"));
      if (workspaces.length < 2) return [];
      return (await ask(api.GET(path, { params: { query: { everything: "true" } } }))).hours;
    },
  });
}
