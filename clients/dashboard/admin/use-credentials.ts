// Which credentials has the workspace, and which of them wait for their provider?
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/workspaces/{workspace}/credentials";

const everyMs = 10_000;

export function useCredentials() {
  const { workspace } = useSigned();
  return useQuery({
    queryKey: ["credentials", workspace],
    refetchInterval: everyMs,
    async queryFn() {
      const { names, paused } = await ask(api.GET(path, { params: { path: { workspace } } }));
      return names.map((name) => ({ name, pausedUntil: paused.find((one) => one.name === name)?.until }));
    },
  });
}
