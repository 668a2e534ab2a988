// The cloud of the simulation's memory, without its faults and its time: what drover's own code costs, and nothing else.
import { ids } from "../../../functions/cloud.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { AgentId, TaskId } from "../../../functions/core/ids.ts";
import type { NoticeMessage } from "../../../functions/core/notices.ts";
import { MemoryTable } from "../../simulation/cloud/memory-table.ts";
import { idleSandboxes, openMemoryCloud } from "../../support/memory-cloud.ts";
import { addKey } from "../stack/add-key.ts";

/** What others would take from the cloud, to be handed on by the bench. */
export interface Handed {
  wakeUps: TaskId[];
  notices: NoticeMessage[];
  launched: AgentId[];
}

export async function openBenchCloud(): Promise<{ cloud: Cloud; table: MemoryTable; apiKey: string; handed: Handed }> {
  const table = new MemoryTable(Date.now);
  const handed: Handed = { wakeUps: [], notices: [], launched: [] };
  const sandboxes: typeof idleSandboxes = {
    ...idleSandboxes,
    launch(agentId, token) {
      handed.launched.push(agentId);
      return idleSandboxes.launch(agentId, token);
    },
  };
  const cloud = openMemoryCloud(table, {
    ids,
    wakeUps: { send: async (taskId) => void handed.wakeUps.push(taskId), probe: async () => undefined },
    noticeQueue: { send: async (messages) => void handed.notices.push(...messages) },
    sandboxes: () => sandboxes,
    settings: { limits: { global: 64 } },
  });
  return { cloud, table, handed, apiKey: await addKey(cloud) };
}
