// How does a function reach what matters less here: artifacts, credentials, keys, receivers? They answer, late or not at all.
import type { ArtifactKind, Artifacts, AuditKey, Credential, Credentials } from "../../../functions/core/cloud.ts";
import type { AgentId } from "../../../functions/core/ids.ts";
import type { Intake, IntakeMessage } from "../../../functions/core/intake.ts";
import type {
  NoticeMessage,
  NoticeQueue,
  Notices,
  PostOutcome,
  Receivers,
  WebhookId,
  WebhookSecrets,
} from "../../../functions/core/notices.ts";
import type { SourceId } from "../../../functions/core/sources.ts";
import type { Activity } from "../engine/activity.ts";
import { watchPost } from "../invariants/messages.ts";
import type { Stage } from "../stage.ts";
import { callCloud, type Operation } from "./call.ts";
import { MemoryNotices } from "./memory-notices.ts";
import { definePort } from "./port.ts";

const silence: PostOutcome = { kind: "unreachable", why: "it does not answer" };

const operations = {
  parameter: { name: "GetParameter", code: 304 },
  artifact: { name: "GetObject", code: 305 },
  putFile: { name: "PutObject", code: 306 },
  notice: { name: "SendMessage for notices", code: 307 },
  /** It never throws, whatever happens on the way. */
  post: { name: "POST to a receiver", code: 308, isOnce: true, whenThrottled: silence, answerWhenLost: silence },
  bury: { name: "SendMessage to the dead", code: 309 },
  postpone: { name: "ChangeMessageVisibility", code: 310 },
} satisfies Record<string, Operation>;

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

  get(_workspace: string, name: string) {
    return this.call("parameter", () => known[name]);
  }

  remove() {
    return this.call("parameter", () => undefined);
  }

  list() {
    return this.call("parameter", () => []);
  }
}

/** The key of a model, and the token of a forge. */
const known: Record<string, Credential> = {
  anthropic: { username: "", token: "a key", model: { provider: "anthropic" } },
  forge: { username: "bot", token: "a token", repositories: ["https://git.example/*"], forge: { kind: "gitea" } },
};

export class SimAuditKey extends Part implements AuditKey {
  publicKey() {
    return this.call("parameter", () => "a public key");
  }

  async sign(hash: string) {
    return `signature of ${hash}`;
  }
}

export class SimNoticeQueue extends Part implements NoticeQueue {
  send(messages: readonly NoticeMessage[], delaySeconds = 0) {
    const { notices } = this.stage.queues;
    return this.call("notice", () => {
      for (const message of messages) notices.accept(this.activity, JSON.stringify(message), delaySeconds * 1000);
    });
  }
}

export class SimWebhookSecrets extends Part implements WebhookSecrets {
  put(owner: WebhookId | SourceId, secret: string) {
    return this.call("parameter", () => void this.stage.secrets.set(owner, secret));
  }

  get(owner: WebhookId | SourceId) {
    return this.call("parameter", () => this.stage.secrets.get(owner));
  }

  remove(owner: WebhookId | SourceId) {
    return this.call("parameter", () => void this.stage.secrets.delete(owner));
  }
}

export class SimReceivers extends Part implements Receivers {
  async judge() {
    return undefined;
  }

  post(url: string, headers: Record<string, string>, body: string) {
    return this.call("post", () => this.#take(url, headers, body));
  }

  #take(url: string, headers: Record<string, string>, body: string): PostOutcome {
    const { world, posts, judge } = this.stage;
    const taken = !world.strikes(this.activity, "receiver_failed");
    watchPost(this.stage, headers, body);
    judge.count(taken ? "post taken" : "post refused");
    posts.push({ url, messageId: headers["webhook-id"] ?? "", taken });
    // It may have taken what it does not answer.
    if (world.strikes(this.activity, "receiver_silent")) return silence;
    return { kind: "answered", status: taken ? 200 : 500 };
  }
}

/** Gives messages of the public queue back, or up. */
export class SimIntake extends Part implements Intake {
  readonly workspace = "red";
  readonly principal = "intake";

  get maxReceives() {
    return this.stage.world.swarm.intakeReceives;
  }

  bury({ messageId }: IntakeMessage) {
    return this.call("bury", () => void this.stage.buried.push(messageId));
  }

  postpone({ receiptHandle }: IntakeMessage, delaySeconds: number) {
    return this.call("postpone", () => this.stage.queues.intake.postpone(receiptHandle, delaySeconds * 1000));
  }
}
