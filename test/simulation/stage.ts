// What is there in one schedule? The world with its table, queue, ECS and remote, and the judge that watches them all.
import { hashEvent } from "../../functions/core/audit.ts";
import type { Settings } from "../../functions/core/cloud.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { knownModels } from "../../functions/core/models.ts";
import type { WebhookId } from "../../functions/core/notices.ts";
import type { IntakeSent } from "./actors/outsiders.ts";
import { openQueues, type Queues } from "./actors/queues.ts";
import type { Posted } from "./actors/receivers.ts";
import { EcsState } from "./cloud/ecs-state.ts";
import { MemoryTable } from "./cloud/memory-table.ts";
import { RemoteState } from "./cloud/remote-state.ts";
import type { Activity } from "./engine/activity.ts";
import { World, type WorldOptions } from "./engine/world.ts";
import { Judge } from "./invariants/judge.ts";
import { drawSwarm } from "./swarm.ts";

export interface StageOptions extends WorldOptions {
  /** Events are hashed as in production, and the hash of each is computed again at the end. */
  checkHashes?: boolean;
  /** Takes a safeguard out of this schedule, to see that it is missed. */
  prepare?(stage: Stage): void;
}

const backend = {
  cluster: "drover",
  taskDefinition: "sandbox",
  subnets: ["subnet-1"],
  securityGroups: [],
  assignPublicIp: false,
};

/** Another one for each event, as a hash is: the links of the chains hold or break all the same. */
const nameEvent: typeof hashEvent = ({ eventId }) => eventId;

export class Stage {
  readonly world: World;
  readonly table: MemoryTable;
  readonly ecs: EcsState;
  readonly remote = new RemoteState();
  /** Of the audit log, by name. */
  readonly files = new Map<string, string>();
  /** When RunTask was called, whatever it answered. */
  readonly launchedAt: number[] = [];
  readonly queues: Queues;
  readonly judge: Judge;
  readonly settings: Settings;
  readonly hashEvent: typeof hashEvent;
  /** The processes of each sandbox; they die with it. */
  readonly processes = new Map<string, Activity[]>();
  /** Tasks whose submission, or whose kill, was answered to their user. */
  readonly promised = { submitted: new Set<TaskId>(), killed: new Set<TaskId>() };
  readonly askedToKill = new Set<TaskId>();
  /** What was sent to the public queue, and what lies in its dead-letter queue. */
  readonly intakeSent: IntakeSent[] = [];
  readonly buried: string[] = [];
  /** Of delayed tasks: from when on their users want them to run, by the true time. */
  readonly wantedFrom = new Map<TaskId, number>();
  /** Bodies that are no wake-ups, and somebody sent as such. */
  readonly rubbish: string[] = [];
  readonly spoilt = new Set<TaskId>();
  readonly secrets = new Map<string, string>();
  readonly posts: Posted[] = [];
  /** On the forge: its number, by branch; and the branches that it takes none from. */
  readonly pullRequests = new Map<string, number>();
  readonly refusedHeads = new Set<string>();
  /** Reads of these tasks are throttled until then. */
  readonly unreadableUntil = new Map<TaskId, number>();
  /** When a slot was free for somebody else, the last time. */
  readonly pace = { freedAt: 0 };
  /** The last message that each agent has heard. */
  readonly heardBy = new Map<string, number>();
  /** From when on a webhook was there to be told, by the true time. */
  readonly subscribedAt = new Map<WebhookId, number>();
  /** Whose time to wait was over, in turn. */
  readonly letGo: { workspace: string; at: number }[] = [];
  /** How often each held task saw a slot go to a workspace that had more. */
  readonly passes = new Map<TaskId, number>();
  usersAtWork = 0;
  /** They wait for a function to be at work, to come between its steps. */
  readonly ambushes = {
    dispatcher: [] as (() => void)[],
    reaper: [] as (() => void)[],
    /** A supervisor that is about to ask for its permit. */
    publisher: [] as (() => void)[],
  };
  #ids = 0;

  constructor(seed: number, options: StageOptions) {
    this.world = new World(seed, drawSwarm(seed), options);
    const trueTime = () => this.world.trueTime;
    this.table = new MemoryTable(trueTime);
    this.ecs = new EcsState(trueTime);
    this.queues = openQueues(this);
    this.judge = new Judge(this);
    this.hashEvent = options.checkHashes ? hashEvent : nameEvent;
    this.settings = {
      limits: this.world.swarm.limits,
      backends: { declared: { default: backend }, open: "none" },
      queueLimit: 1_000,
      requestsPerMinute: 1_000,
      maxQueueAgeMs: this.world.swarm.maxQueueAgeMs,
      leaseMs: 90_000,
      patienceMs: this.world.swarm.patienceMs,
      wallClockMarginMs: 7_200_000,
      beatCharacters: 200,
      beatMs: 30_000,
      logUploadMs: 300_000,
      streamMs: 300_000,
      pushSettleMs: 60_000,
      // In all longer than the faults last, so that every notice gets through.
      notices: { backoffMs: [1_000, 5_000, ...Array.from({ length: 14 }, () => 60_000)], timeoutMs: 5_000 },
      launchLimitMs: this.world.swarm.launchLimitMs,
      models: knownModels,
      isolation: { kind: "confined" },
    };
  }

  nextId(): string {
    this.#ids += 1;
    return String(this.#ids).padStart(26, "0");
  }

  /** Everything has ended, and nothing is owed to anybody. */
  isSettled(): boolean {
    if (this.usersAtWork > 0 || this.ecs.alive().length > 0) return false;
    if (Object.values(this.queues).some(({ isEmpty }) => !isEmpty) || this.table.notices.isOwed()) return false;
    if (this.table.slots.size > 0 || this.table.openOperations().length > 0) return false;
    for (const { task } of this.table.rows.values()) if (this.judge.whyOpen(task)) return false;
    return true;
  }
}
