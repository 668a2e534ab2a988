// The cloud of the simulation's memory, without its faults and its time: what drover's own code costs, and nothing else.
import { ids } from "../../../functions/cloud.ts";
import { hashEvent } from "../../../functions/core/audit.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { AgentId, TaskId } from "../../../functions/core/ids.ts";
import { knownModels } from "../../../functions/core/models.ts";
import type { NoticeMessage, Notices } from "../../../functions/core/notices.ts";
import { signAttempt, signFor } from "../../../functions/core/signing.ts";
import type { Table } from "../../../functions/core/table.ts";
import { MemoryNotices } from "../../simulation/cloud/memory-notices.ts";
import { MemoryTable } from "../../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../../simulation/cloud/sync.ts";
import { addKey } from "../stack/add-key.ts";

const secret = "a secret of the bench";

/** What others would take from the cloud, to be handed on by the bench. */
export interface Handed {
  wakeUps: TaskId[];
  notices: NoticeMessage[];
  launched: AgentId[];
}

const nobodyAsks = () => {
  throw new Error("nobody asks for that here");
};

export async function openMemoryCloud(): Promise<{ cloud: Cloud; table: MemoryTable; apiKey: string; handed: Handed }> {
  const table = new MemoryTable(Date.now);
  const handed: Handed = { wakeUps: [], notices: [], launched: [] };
  const cloud: Cloud = {
    table: makeAsync<Table>(table, methodsOf(MemoryTable)),
    notices: makeAsync<Notices>(table.notices, methodsOf(MemoryNotices)),
    wakeUps: { send: async (taskId) => void handed.wakeUps.push(taskId), probe: async () => undefined },
    noticeQueue: { send: async (messages) => void handed.notices.push(...messages) },
    sandboxes: () => ({
      async launch(agentId) {
        handed.launched.push(agentId);
        return { kind: "launched", sandboxArn: `arn:sandbox/${agentId}` };
      },
      stop: async () => undefined,
      describe: async () => undefined,
      findByAgent: async () => [],
      listRunning: async () => [],
      probe: async () => undefined,
    }),
    artifacts: {
      uploadUrl: async (agentId, kind) => `https://artifacts.example/${agentId}/${kind}`,
      downloadUrl: nobodyAsks,
      read: nobodyAsks,
      putAuditFile: nobodyAsks,
      readAuditFile: nobodyAsks,
    },
    credentials: { put: nobodyAsks, get: async () => undefined, remove: nobodyAsks, list: nobodyAsks },
    tokenOf: (agentId) => signAttempt(secret, agentId),
    sign: (purpose, text) => signFor(secret, purpose, text),
    hashEvent,
    auditKey: { publicKey: nobodyAsks, sign: nobodyAsks },
    remotes: {
      inspect: async () => ({ kind: "found", branch: "main", commit: "a".repeat(40) }),
      readBranch: nobodyAsks,
      deleteBranch: nobodyAsks,
    },
    webhookSecrets: { put: nobodyAsks, get: nobodyAsks, remove: nobodyAsks },
    receivers: { judge: nobodyAsks, post: nobodyAsks },
    forges: { openPullRequest: nobodyAsks, commentOnIssue: nobodyAsks },
    settings: {
      limits: { global: 64 },
      backends: {
        declared: {
          default: {
            ...{ cluster: "drover", taskDefinition: "sandbox", subnets: ["subnet-1"] },
            ...{ securityGroups: [], assignPublicIp: false },
          },
        },
        open: "none",
      },
      ...{ queueLimit: 100_000, requestsPerMinute: Number.MAX_SAFE_INTEGER, maxQueueAgeMs: 36_000_000 },
      ...{ leaseMs: 90_000, wallClockMarginMs: 7_200_000, patienceMs: 900_000, beatMs: 30_000, beatCharacters: 200 },
      ...{ logUploadMs: 300_000, streamMs: 300_000, pushSettleMs: 60_000, launchLimitMs: 300_000 },
      notices: { backoffMs: [1_000], timeoutMs: 5_000 },
      models: knownModels,
      isolation: { kind: "confined" },
    },
    clock: { now: Date.now, sleep: async () => undefined },
    ids,
  };
  return { cloud, table, handed, apiKey: await addKey(cloud) };
}
