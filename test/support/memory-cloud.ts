// What is a whole cloud where nothing is real and nothing goes wrong? For those who look at one flow, or at its cost.
import { ids } from "../../functions/cloud.ts";
import { hashEvent } from "../../functions/core/audit.ts";
import type { EcsTarget } from "../../functions/core/backends.ts";
import type { Clock, Cloud, Sandboxes, Settings } from "../../functions/core/cloud.ts";
import { knownModels } from "../../functions/core/models.ts";
import type { Notices } from "../../functions/core/notices.ts";
import { signAttempt, signFor } from "../../functions/core/signing.ts";
import type { Table } from "../../functions/core/table.ts";
import { MemoryNotices } from "../simulation/cloud/memory-notices.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";

const secret = "a secret of the test";

const nobodyAsks = () => {
  throw new Error("nobody asks for that here");
};

const target: EcsTarget = {
  ...{ cluster: "drover", taskDefinition: "sandbox", subnets: ["subnet-1"] },
  ...{ securityGroups: [], assignPublicIp: false },
};

const settings: Settings = {
  limits: { global: 20 },
  backends: { declared: { default: target, other: target }, open: "none" },
  ...{ queueLimit: 100_000, requestsPerMinute: Number.MAX_SAFE_INTEGER, maxQueueAgeMs: 7 * 24 * 60 * 60_000 },
  ...{ leaseMs: 90_000, wallClockMarginMs: 7_200_000, patienceMs: 900_000, beatMs: 30_000, beatCharacters: 200 },
  ...{ logUploadMs: 300_000, streamMs: 300_000, pushSettleMs: 60_000, launchLimitMs: 300_000 },
  notices: { backoffMs: [1_000], timeoutMs: 5_000 },
  models: knownModels,
  isolation: { kind: "confined" },
};

/** They start whatever they are asked to, and nothing of it runs. */
export const idleSandboxes: Sandboxes = {
  launch: async (agentId) => ({ kind: "launched", sandboxArn: `arn:sandbox/${agentId}` }),
  stop: async () => undefined,
  describe: async () => undefined,
  findByAgent: async () => [],
  listRunning: async () => [],
  probe: async () => undefined,
};

/** Time passes while somebody sleeps, and when the test says so. */
export function startClock(now: number): Clock & { pass(ms: number): void } {
  let time = now;
  const pass = (ms: number) => {
    time += ms;
  };
  return { now: () => time, sleep: async (ms) => pass(ms), pass };
}

type Parts = Partial<Omit<Cloud, "settings">> & { settings?: Partial<Settings> };

/** Of one type with production's, so that a part which is new there is missed by the compiler here, and nowhere else. */
export function openMemoryCloud(memory: MemoryTable, { settings: own, ...parts }: Parts = {}): Cloud {
  return {
    table: makeAsync<Table>(memory, methodsOf(MemoryTable)),
    notices: makeAsync<Notices>(memory.notices, methodsOf(MemoryNotices)),
    wakeUps: { send: async () => undefined, probe: async () => undefined },
    noticeQueue: { send: async () => undefined },
    sandboxes: () => idleSandboxes,
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
    clock: { now: Date.now, sleep: async () => undefined },
    ids: { ...ids, random: () => 0.5 },
    ...parts,
    settings: { ...settings, ...own },
  };
}
