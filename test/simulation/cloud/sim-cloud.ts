// Which cloud does one run of a function get? The stage's, with that activity's own clock, chance and misfortunes.

import type { Clock, Cloud, Ids, Remotes, Sandboxes } from "../../../functions/core/cloud.ts";
import type { AgentId, TaskId } from "../../../functions/core/ids.ts";
import { type SigningPurpose, signAttempt, signFor } from "../../../functions/core/signing.ts";
import { isApiDeaf } from "../actors/request.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { callCloud } from "./call.ts";
import { openOlderTable } from "./older-version.ts";
import {
  openSimNotices,
  SimArtifacts,
  SimAuditKey,
  SimCredentials,
  SimIntake,
  SimNoticeQueue,
  SimReceivers,
  SimWebhookSecrets,
} from "./sim-extras.ts";
import { SimForges } from "./sim-forges.ts";
import { openSimSandboxes } from "./sim-sandboxes.ts";
import { openSimTable } from "./sim-table.ts";

const operations = {
  send: { name: "SendMessage", code: 300 },
  inspect: { name: "inspect the remote", code: 301 },
  readBranch: { name: "read the branch", code: 302 },
  deleteBranch: { name: "delete the branch", code: 303 },
  askApi: { name: "ask the API", code: 312, isOnce: true, whenThrottled: false, answerWhenLost: false },
} as const;

/** The same in every schedule, and each takes longer to make than a call. */
const tokens = new Map<AgentId, string>();

export const openSimCloud = (stage: Stage, activity: Activity): Cloud => new SimCloud(stage, activity);

/** There are thousands a second, so each part is made when it is asked for. */
class SimCloud implements Cloud {
  readonly #stage: Stage;
  readonly #activity: Activity;
  readonly table: Cloud["table"];
  readonly settings: Cloud["settings"];
  readonly hashEvent: Cloud["hashEvent"];
  readonly clock: Clock;
  readonly ids: Ids;
  #sandboxes: Sandboxes | undefined;

  constructor(stage: Stage, activity: Activity) {
    this.#stage = stage;
    this.#activity = activity;
    const isOlder = stage.world.strikes(activity, "older_version");
    this.table = isOlder ? openOlderTable(stage, activity) : openSimTable(stage, activity);
    this.settings = stage.settings;
    this.hashEvent = stage.hashEvent;
    this.clock = new SimClock(activity);
    this.ids = new SimIds(stage, activity);
  }

  tokenOf(agentId: AgentId): string {
    const known = tokens.get(agentId);
    if (known) return known;
    const token = signAttempt("a secret of the simulation", agentId);
    tokens.set(agentId, token);
    return token;
  }

  sign(purpose: SigningPurpose, text: string): string {
    return signFor("a secret of the simulation", purpose, text);
  }

  sandboxes(): Sandboxes {
    this.#sandboxes ??= openSimSandboxes(this.#stage, this.#activity);
    return this.#sandboxes;
  }

  get remotes() {
    return openSimRemotes(this.#stage, this.#activity);
  }

  get wakeUps() {
    return new SimWakeUps(this.#stage, this.#activity);
  }

  get artifacts() {
    return new SimArtifacts(this.#stage, this.#activity);
  }

  get credentials() {
    return new SimCredentials(this.#stage, this.#activity);
  }

  get auditKey() {
    return new SimAuditKey(this.#stage, this.#activity);
  }

  get notices() {
    return openSimNotices(this.#stage, this.#activity);
  }

  get noticeQueue() {
    return new SimNoticeQueue(this.#stage, this.#activity);
  }

  get webhookSecrets() {
    return new SimWebhookSecrets(this.#stage, this.#activity);
  }

  get intake() {
    return new SimIntake(this.#stage, this.#activity);
  }

  get receivers() {
    return new SimReceivers(this.#stage, this.#activity);
  }

  get ownApi() {
    const [stage, activity] = [this.#stage, this.#activity];
    return { hearsAgents: () => callCloud(activity, operations.askApi, () => !isApiDeaf(stage, activity)) };
  }

  get forges() {
    return new SimForges(this.#stage, this.#activity);
  }
}

class SimClock implements Clock {
  readonly #activity: Activity;

  constructor(activity: Activity) {
    this.#activity = activity;
  }

  now(): number {
    return this.#activity.world.trueTime + this.#activity.skewMs;
  }

  sleep(ms: number): Promise<void> {
    return this.#activity.sleep(ms);
  }
}

class SimIds implements Ids {
  readonly #stage: Stage;
  readonly #activity: Activity;

  constructor(stage: Stage, activity: Activity) {
    this.#stage = stage;
    this.#activity = activity;
  }

  task() {
    return `tsk_${this.#stage.nextId()}` as const;
  }

  event() {
    return `evt_${this.#stage.nextId()}` as const;
  }

  permit() {
    return `prm_${this.#stage.nextId()}` as const;
  }

  key() {
    return `key_${this.#stage.nextId()}` as const;
  }

  webhook() {
    return `whk_${this.#stage.nextId()}` as const;
  }

  schedule() {
    return `sch_${this.#stage.nextId()}` as const;
  }

  source() {
    return `src_${this.#stage.nextId()}` as const;
  }

  operation() {
    return `opr_${this.#stage.nextId()}` as const;
  }

  random(): number {
    return this.#activity.random.next();
  }
}

class SimWakeUps {
  readonly #stage: Stage;
  readonly #activity: Activity;

  constructor(stage: Stage, activity: Activity) {
    this.#stage = stage;
    this.#activity = activity;
  }

  send(taskId: TaskId): Promise<void> {
    return callCloud(this.#activity, operations.send, () => this.#accept(taskId));
  }

  #accept(taskId: TaskId): void {
    this.#stage.queues.wakeUps.accept(this.#activity, JSON.stringify({ taskId }));
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }
}

function openSimRemotes(stage: Stage, activity: Activity): Remotes {
  const { world, remote } = stage;
  return {
    inspect: () =>
      callCloud(activity, operations.inspect, () => ({ kind: "found", branch: "main", commit: "0".repeat(40) })),
    readBranch: (_url, _auth, branch) =>
      callCloud(activity, operations.readBranch, () => {
        if (world.strikes(activity, "remote_unknown")) return { kind: "unknown", message: "timeout" } as const;
        const commit = remote.branches.get(branch);
        return commit ? ({ kind: "at", commit } as const) : ({ kind: "absent" } as const);
      }),
    deleteBranch: (_url, _auth, branch, commit) =>
      callCloud(activity, operations.deleteBranch, () => {
        if (world.strikes(activity, "remote_unknown")) return "unknown";
        stage.judge.watchDelete(branch, commit);
        // Somebody has gone on from it since it was looked at.
        if (world.strikes(activity, "branch_taken")) remote.take(branch);
        return remote.delete(branch, commit) ? "gone" : "kept";
      }),
  };
}
