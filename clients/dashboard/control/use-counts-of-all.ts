// How many tasks live and wait in all workspaces together? For whoever is about to stop or pause them.
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";

export function useCountsOfAll(enabled = true) {
  return useQuery({
    queryKey: ["stats-of-all"],
    enabled,
    staleTime: 0,
    async queryFn() {
      const { workspaces } = await ask(api.GET("/api/orchestrator/workspaces"));
      const stats = await Promise.all(
        workspaces.map((workspace) => ask(api.GET("/api/orchestrator/stats", { params: { query: { workspace } } }))),
      );
      return {
        workspaces: workspaces.length,
        live: stats.reduce((sum, one) => sum + one.launching + one.running + one.verifying + one.publishing, 0),
        waiting: stats.reduce((sum, one) => sum + one.queued + one.delayed, 0),
      };
    },
  });
}
