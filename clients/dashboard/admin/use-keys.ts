// Which API keys has the workspace? For its admins alone.
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/workspaces/{workspace}/keys";
const freshMs = 60_000;

export function useKeys() {
  const { workspace, mayAdmin } = useSigned();
  return useQuery({
    queryKey: ["keys", workspace],
    enabled: mayAdmin,
    staleTime: freshMs,
    queryFn: async () => (await ask(api.GET(path, { params: { path: { workspace } } }))).keys,
  });
}
