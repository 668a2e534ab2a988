// Is the workspace, or everything, stopped or paused? And how is that turned.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

const everyMs = 4_000;
export type Act = "release" | "pause" | "resume" | "forbid-yolo" | "allow-yolo";
export type Scope = "workspace" | "global";

export function useSwitches() {
  const { workspace } = useSigned();
  return useQuery({
    queryKey: ["switches", workspace],
    refetchInterval: everyMs,
    async queryFn() {
      const params = { path: { workspace } };
      const [its, global] = await Promise.all([
        ask(api.GET("/api/orchestrator/workspaces/{workspace}/switch", { params })),
        ask(api.GET("/api/orchestrator/global/switch")),
      ]);
      return { workspace: its, global };
    },
  });
}

export type Switch = NonNullable<ReturnType<typeof useSwitches>["data"]>["global"];

export function useTurn() {
  const { workspace } = useSigned();
  const client = useQueryClient();
  return async (scope: Scope, act: Act, reason: string) => {
    const body = { reason };
    if (scope === "global") await ask(api.POST(`/api/orchestrator/global/${act}`, { body }));
    else {
      const params = { path: { workspace } };
      await ask(api.POST(`/api/orchestrator/workspaces/{workspace}/${act}`, { params, body }));
    }
    await client.invalidateQueries({ queryKey: ["switches"] });
  };
}
