// What makes an issue of a source a task? In words, the same on the page and on the command line.
import type { paths } from "./api-types.ts";

type Sources =
  paths["/api/orchestrator/workspaces/{workspace}/sources"]["get"]["responses"][200]["content"]["application/json"];

export function sayTrigger({ trigger: { label, assignee, command } }: Sources["sources"][number]): string {
  const ways = [label && `label ${label}`, assignee && `assigned to ${assignee}`, command && `comment ${command}`];
  return ways.filter(Boolean).join(", or ");
}
