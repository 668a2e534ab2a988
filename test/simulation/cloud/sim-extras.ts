// How does a function reach what matters little here: artifacts, credentials, keys, notices? They answer, late or not at all.
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { callCloud, type Operation } from "./call.ts";
import { MemoryNotices } from "./memory-notices.ts";
import { methodsOf } from "./sync.ts";

const operations = {
  parameter: { name: "GetParameter", code: 304 },
  artifact: { name: "GetObject", code: 305 },
  putFile: { name: "PutObject", code: 306 },
  notice: { name: "SendMessage for notices", code: 307 },
  post: { name: "POST to a receiver", code: 308 },
} as const;

const noticeOperations: [string, Operation][] = methodsOf(MemoryNotices).map((name, index) => [
  name,
  { name, code: 320 + index },
]);

type Extras = Pick<
  Cloud,
  "artifacts" | "credentials" | "auditKey" | "notices" | "noticeQueue" | "webhookSecrets" | "receivers" | "forges"
>;

export function openSimExtras(stage: Stage, activity: Activity): Extras {
  const { files } = stage;
  const call = <T>(operation: Operation, effect: () => T): Promise<T> => callCloud(activity, operation, effect);
  return {
    artifacts: {
      uploadUrl: async (agentId, kind) => `https://artifacts.example/${agentId}/${kind}`,
      downloadUrl: async (agentId, kind) => `https://artifacts.example/${agentId}/${kind}`,
      read: () => call(operations.artifact, () => undefined),
      putAuditFile: (name, text) => call(operations.putFile, () => void files.set(name, text)),
      readAuditFile: (name) => call(operations.artifact, () => files.get(name)),
    },
    credentials: {
      put: () => call(operations.parameter, () => undefined),
      get: () => call(operations.parameter, () => undefined),
    },
    auditKey: {
      publicKey: () => call(operations.parameter, () => "a public key"),
      sign: async (hash) => `signature of ${hash}`,
    },
    get notices() {
      return openSimNotices(stage, call);
    },
    noticeQueue: { send: () => call(operations.notice, () => undefined) },
    webhookSecrets: {
      put: () => call(operations.parameter, () => undefined),
      get: () => call(operations.parameter, () => undefined),
      remove: () => call(operations.parameter, () => undefined),
    },
    receivers: {
      judge: async () => undefined,
      post: () => call(operations.post, () => ({ kind: "answered", status: 200 })),
    },
    // No task of the simulation asks for a pull request.
    forges: { openPullRequest: async () => ({ kind: "refused", why: "there is no forge" }) },
  };
}

/** Made when somebody asks for it, which few do. */
function openSimNotices(stage: Stage, call: <T>(operation: Operation, effect: () => T) => Promise<T>) {
  const kept = stage.table.notices as unknown as Record<string, (...args: unknown[]) => unknown>;
  const entries = noticeOperations.map(([name, operation]) => [
    name,
    (...args: unknown[]) => call(operation, () => kept[name]?.(...args)),
  ]);
  return Object.fromEntries(entries) as Cloud["notices"];
}
