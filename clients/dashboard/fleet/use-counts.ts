// How many tasks are in which state, now and since the page was opened?
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

export interface Sample {
  at: number;
  waiting: number;
  live: number;
}

const everyMs = 3_000;
const maxSamples = 2_400;
/** Per workspace; kept while other pages are looked at. */
const history = new Map<string, Sample[]>();

export function useCounts() {
  const { workspace } = useSigned();
  return useQuery({
    queryKey: ["stats", workspace],
    refetchInterval: everyMs,
    async queryFn() {
      const stats = await ask(api.GET("/api/orchestrator/stats", { params: { query: { workspace } } }));
      const live = stats.launching + stats.running + stats.verifying + stats.publishing;
      const waiting = stats.queued + stats.delayed;
      const samples = [...(history.get(workspace) ?? []), { at: Date.now(), waiting, live }].slice(-maxSamples);
      history.set(workspace, samples);
      return { ...stats, live, waiting, samples };
    },
  });
}

export type Counts = NonNullable<ReturnType<typeof useCounts>["data"]>;
