// Which workspace is looked at? A super admin may choose any; others see the name of theirs.
import { Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

export function WorkspaceChoice() {
  const { workspace, chooseWorkspace, mayAll } = useSigned();
  const { data } = useQuery({
    queryKey: ["workspaces"],
    enabled: mayAll,
    queryFn: async () => (await ask(api.GET("/api/orchestrator/workspaces"))).workspaces,
  });
  if (!mayAll) return <Text c="dimmed">{workspace}</Text>;
  return (
    <Select
      aria-label="Workspace"
      w={150}
      data={[...new Set([workspace, ...(data ?? [])])].sort()}
      value={workspace}
      onChange={(name) => name && chooseWorkspace(name)}
      allowDeselect={false}
      searchable
    />
  );
}
