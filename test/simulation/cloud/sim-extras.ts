// How does a function reach what matters less here: artifacts, credentials, keys, receivers? They answer, late or not at all.
import type { ArtifactKind, Artifacts, AuditKey, Credentials } from "../../../functions/core/cloud.ts";
import type { AgentId } from "../../../functions/core/ids.ts";
import type { NoticeQueue, Notices, PostOutcome, Receivers, WebhookSecrets } from "../../../functions/core/notices.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { callCloud } from "./call.ts";
import { MemoryNotices } from "./memory-notices.ts";
import { definePort } from "./port.ts";

const operations = {
  parameter: { name: "GetParameter", code: 304 },
  artifact: { name: "GetObject", code: 305 },
  putFile: { name: "PutObject", code: 306 },
  notice: { name: "SendMessage for notices", code: 307 },
  post: { name: "POST to a receiver", code: 308 },
} as const;

export const openSimNotices = definePort<Notices>({
  type: MemoryNotices,
  part: ({ table }) => table.notices,
  firstCode: 320,
  lagging: ["dueDeliveries"],
  contendable: [],
  watch: {},
});

abstract class Part {
  protected readonly stage: Stage;
  protected readonly activity: Activity;

  constructor(stage: Stage, activity: Activity) {
    this.stage = stage;
    this.activity = activity;
  }

  protected call<T>(operation: keyof typeof operations, effect: () => T): Promise<T> {
    return callCloud(this.activity, operations[operation], effect);
  }
}

export class SimArtifacts extends Part implements Artifacts {
  async uploadUrl(agentId: AgentId, kind: ArtifactKind) {
    return `https://artifacts.example/${agentId}/${kind}`;
  }

  async downloadUrl(agentId: AgentId, kind: ArtifactKind) {
    return `https://artifacts.example/${agentId}/${kind}`;
  }

  read() {
    return this.call("artifact", () => undefined);
  }

  putAuditFile(name: string, text: string) {
    return this.call("putFile", () => void this.stage.files.set(name, text));
  }

  readAuditFile(name: string) {
    return this.call("artifact", () => this.stage.files.get(name));
  }
}

export class SimCredentials extends Part implements Credentials {
  put() {
    return this.call("parameter", () => undefined);
  }

  get() {
    return this.call("parameter", () => undefined);
  }
}

export class SimAuditKey extends Part implements AuditKey {
  publicKey() {
    return this.call("parameter", () => "a public key");
  }

  async sign(hash: string) {
    return `signature of ${hash}`;
  }
}

export class SimNoticeQueue extends Part implements NoticeQueue {
  send() {
    return this.call("notice", () => undefined);
  }
}

export class SimWebhookSecrets extends Part implements WebhookSecrets {
  put() {
    return this.call("parameter", () => undefined);
  }

  get() {
    return this.call("parameter", () => undefined);
  }

  remove() {
    return this.call("parameter", () => undefined);
  }
}

export class SimReceivers extends Part implements Receivers {
  async judge() {
    return undefined;
  }

  post() {
    return this.call("post", (): PostOutcome => ({ kind: "answered", status: 200 }));
  }
}
