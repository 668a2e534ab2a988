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
      const {
        workspaces = 0,
        queued,
        delayed,
        launching,
        running,
        verifying,
        publishing,
      } = await ask(api.GET("/api/orchestrator/stats", { params: { query: { everything: "true" } } }));
      return { workspaces, live: launching + running + verifying + publishing, waiting: queued + delayed };
    },
  });
}
