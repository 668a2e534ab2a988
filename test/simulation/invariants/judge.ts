// Is each step allowed? The judge sees every effect at the moment it happens, and knows the truth beside the table.
import type { AuditAct } from "../../../functions/core/audit.ts";
import { type AgentId, agentIdOf, parseAgentId, type TaskId } from "../../../functions/core/ids.ts";
import { poolsOf } from "../../../functions/core/slots.ts";
import { isFenced } from "../../../functions/core/switches.ts";
import type {
  ActWrite,
  BeatOutcome,
  CommitOutcome,
  CreateOutcome,
  Creation,
  TaskChange,
} from "../../../functions/core/table.ts";
import { isFinal, isLive, type Task } from "../../../functions/core/task.ts";
import { launchDeadlineMs } from "../../../functions/flows/launch-attempt.ts";
import { type HeldSlot, slotName } from "../cloud/memory-attempts.ts";
import type { Push } from "../cloud/remote-state.ts";
import type { Stage } from "../stage.ts";
import { expectEndOfAll, expectStop, watchPace } from "./calm.ts";
import { watchFairness, watchHalted } from "./fair.ts";
import { watchHeard } from "./heard.ts";
import { watchBurn } from "./launches.ts";
import { watchLoss, watchSilence } from "./losses.ts";
import { checkOutcome, checkReceipt, watchOverdue } from "./outcomes.ts";
import { watchRevoked } from "./stops.ts";

const factsLearnedLater = new Set(["outcome_resolved", "outcome_overdue", "branch_taken_back", "cleanup"]);
for (const what of ["opened", "delayed", "failed"]) factsLearnedLater.add(`pull_request_${what}`);
/** What a task may do; a stop that covers it forbids all of these. */
const effects = new Set(["claimed", "started", "work_done", "rejected", "conflicted", "permit_granted", "completed"]);
/** The slowest call, twice: from the look at the clock to the arrival. */
const launchSlackMs = 15_000;

const isExpiry = ({ type, by }: TaskChange["event"]) => type === "attempt_failed" && by === "system:reaper";

export class Judge {
  readonly #stage: Stage;
  /** Transitions (`type from→to`), acts and posts, as often as they happened. */
  readonly happened = new Map<string, number>();

  /** By the world's clock. */
  lastStopAt: number | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  count(name: string): void {
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
  }

  /** Whoever is told that there is a task must not have one that no dispatcher may ever touch. */
  watchCreation({ task }: Creation, act: () => unknown): unknown {
    const wasThere = this.#stage.table.getTask(task.taskId) !== undefined;
    const outcome = act() as CreateOutcome;
    if (outcome.kind === "created" && !wasThere && isFenced(task, this.#stage.table.getSwitches(task)))
      this.#fail("admitted_stopped", `${task.taskId} was admitted under a stop that covers it`);
    return outcome;
  }

  watchCommit(change: TaskChange, act: () => unknown): unknown {
    const stored = this.#stage.table.getTask(change.after.taskId);
    const { event } = change;
    const attempt = stored && this.#stage.table.getAttempt(agentIdOf(stored.taskId, stored.attempt));
    const outcome = act() as CommitOutcome;
    const isNew = this.#stage.table.getTask(event.taskId) !== stored;
    if (!stored || !isNew) return outcome;
    const name = `${event.type} ${stored.status}→${event.to}`;
    this.count(name);
    this.#stage.world.mix(name.length * 31 + change.after.version);
    if (this.#stage.world.timeline) this.#stage.world.say(event.by, `${event.taskId} v${event.version} ${name}`);
    this.#checkStep(stored, change);
    this.#checkSlots(change);
    watchBurn(this.#stage, change);
    watchLoss(this.#stage, stored, change);
    watchHeard(this.#stage, change);
    watchFairness(this.#stage, change);
    watchHalted(this.#stage, change);
    watchPace(this.#stage, change);
    watchOverdue(this.#stage, stored, event);
    const aliveMs = (attempt?.leaseExpiresAt ?? 0) - this.#stage.world.trueTime;
    if (isExpiry(event) && attempt?.state === "running" && aliveMs > 2 * this.#stage.world.swarm.skewMs)
      this.#fail("expired_alive", `${attempt.agentId} was given up ${aliveMs} ms before its lease was over`);
    if (isExpiry(event)) watchSilence(this.#stage, stored);
    if (event.type === "killed" && isLive(stored.status))
      expectStop(this.#stage, agentIdOf(stored.taskId, stored.attempt));
    if (event.type === "cleanup") this.#checkCleanup(change);
    if (change.after.stopConfirmation && !stored.stopConfirmation) this.#checkConfirmation(change.after);
    if (event.type === "outcome_resolved") checkOutcome(this.#stage, change.after);
    if (event.type === "completed") checkReceipt(this.#stage, change.after);
    return outcome;
  }

  #checkStep(stored: Task, { after, event }: TaskChange): void {
    const { taskId } = stored;
    if (after.version !== stored.version + 1 || event.version !== after.version)
      this.#fail("version_skipped", `${taskId} went from version ${stored.version} to ${after.version}`);
    if (event.previousHash !== stored.lastEventHash || event.from !== stored.status || event.to !== after.status)
      this.#fail("chain_broken", `event ${event.version} of ${taskId} does not follow the one before it`);
    if (isFinal(stored.status) && after.status !== stored.status)
      this.#fail("final_changed", `${taskId} was ${stored.status} and became ${after.status}`);
    if (isFinal(stored.status) && !factsLearnedLater.has(event.type))
      this.#fail("effect_after_end", `${event.type} of ${taskId}, which is ${stored.status}`);
    if (event.by.startsWith("agent:") && event.by !== `agent:${agentIdOf(taskId, stored.attempt)}`)
      this.#fail("effect_of_outsider", `${event.by} changed ${taskId} in its attempt ${stored.attempt}`);
    if (effects.has(event.type) && isFenced(stored, this.#stage.table.getSwitches(stored)))
      this.#fail("effect_after_stop", `${event.type} of ${taskId}, which a stop covers`);
    if (after.attemptsUsed > after.maxAttempts)
      this.#fail("too_many_attempts", `${taskId} used ${after.attemptsUsed} of ${after.maxAttempts} attempts`);
  }

  /** A live task holds a slot in each pool that it needs, an ended or queued one holds none, and no pool is exceeded. */
  #checkSlots({ after, slots }: TaskChange): void {
    const { table, settings } = this.#stage;
    const agentId = agentIdOf(after.taskId, after.attempt);
    const held: HeldSlot[] = [];
    for (const slot of table.slots.values()) if (slot.holder === agentId) held.push(slot);
    const pools = isLive(after.status) ? poolsOf(after, settings.limits) : [];
    // A kill may leave its slots to the reaper when they are contended.
    const isLeft = after.status === "killed" && (slots ?? []).length === 0;
    if (!isLeft && (held.length !== pools.length || !pools.every(({ name }) => held.some(({ pool }) => pool === name))))
      this.#fail("slots_unbalanced", `${agentId} is ${after.status} and holds ${held.map(slotName)}`);
    for (const { name, size } of pools) {
      const inPool = table.heldSlots(name).length;
      if (inPool > size) this.#fail("slots_exceeded", `${inPool} of ${size} slots of ${name} are held`);
    }
  }

  #checkCleanup({ after, event }: TaskChange): void {
    const { ecs } = this.#stage;
    const agentId = event.data.agentId as AgentId;
    const { sandbox } = event.data.steps as { sandbox: string };
    if (ecs.liveOf(agentId).length > 0)
      this.#fail("stop_false", `${agentId} is called cleaned up (${sandbox}), and its sandbox lives`);
    if (sandbox === "never_started" && ecs.byAgent.has(agentId))
      this.#fail("stop_false", `${agentId} is said never to have started, and it did`);
    if (agentId === agentIdOf(after.taskId, after.attempt) && isLive(after.status))
      this.#fail("cleaned_up_alive", `${agentId} is called cleaned up, and ${after.taskId} is ${after.status}`);
  }

  #checkConfirmation({ taskId, attempt }: Task): void {
    for (let n = 1; n <= attempt; n += 1) {
      const agentId = agentIdOf(taskId, n);
      if (this.#stage.ecs.liveOf(agentId).length > 0)
        this.#fail("stop_false", `the stop of ${taskId} is confirmed, and the sandbox of ${agentId} lives`);
    }
  }

  watchAct(act: AuditAct, writes: readonly ActWrite[], commit: () => unknown): unknown {
    const { table, world } = this.#stage;
    const head = table.getChainHead(act.chain);
    const generations = writes.map((write) =>
      write.kind === "switch" ? (table.switches.get(write.next.scope)?.generation ?? 0) : 0,
    );
    const isAgain = table.operations.has(act.data.operationId as string);
    const outcome = commit();
    if (table.getChainHead(act.chain).version === head.version) return outcome;
    if (act.version !== head.version + 1 || act.previousHash !== head.hash)
      this.#fail("chain_broken", `act ${act.version} of ${act.chain} does not follow ${head.version}`);
    this.count(`act ${act.type}`);
    for (const write of writes)
      if (write.kind === "webhook") this.#stage.subscribedAt.set(write.webhook.webhookId, world.trueTime);
    if (act.type.startsWith("switch_")) watchRevoked(this.#stage);
    if (act.type !== "switch_stop") return outcome;
    if (isAgain) this.#fail("stop_twice", `${act.data.operationId} is stopped by a second act, ${act.version}`);
    this.lastStopAt = world.now;
    expectEndOfAll(this.#stage);
    for (const [index, write] of writes.entries()) {
      if (write.kind === "switch" && write.next.generation <= (generations[index] ?? 0))
        this.#fail("stop_without_fence", `the stop of ${write.next.scope} raises no generation`);
    }
    return outcome;
  }

  watchBeat(agentId: string, act: () => unknown): unknown {
    const outcome = act() as BeatOutcome;
    const parsed = parseAgentId(agentId);
    const task = parsed && this.#stage.table.getTask(parsed.taskId);
    if (outcome.kind === "accepted" && (task?.attempt !== parsed?.attempt || !task || !isLive(task.status)))
      this.#fail("effect_of_outsider", `a beat of ${agentId} was accepted`);
    return outcome;
  }

  /** Before a sandbox starts that was not there. */
  watchLaunch(agentId: AgentId): void {
    const { table, ecs, world } = this.#stage;
    if (ecs.byAgent.has(agentId)) this.#fail("launched_twice", `${agentId} gets a second sandbox`);
    const attempt = table.getAttempt(agentId);
    const latest = (attempt?.claimedAt ?? 0) + launchDeadlineMs + 2 * world.swarm.skewMs + launchSlackMs;
    if (world.trueTime > latest) this.#fail("launched_late", `${agentId} was launched after its deadline`);
    const task = attempt && table.getTask(attempt.taskId);
    if (task?.stopConfirmation)
      this.#fail("stop_false", `${agentId} starts after its stop was confirmed (${task.stopConfirmation})`);
  }

  watchPush(push: Push): void {
    const row = this.#stage.table.rows.get(push.taskId);
    const permit = row?.events.find(
      ({ type, by, data }) =>
        type === "permit_granted" && by === `agent:${push.agentId}` && data.commit === push.commit,
    );
    const isVoid = row?.events.some(
      ({ type, data }) => type === "conflicted" && data.permitId === permit?.data.permitId,
    );
    if (!permit || isVoid) this.#fail("push_without_permit", `${push.agentId} pushed ${push.commit}`);
    const outcome = row?.task.publishOutcome;
    if (row && row.task.status !== "completed" && outcome && outcome !== "unresolved")
      this.#fail("push_after_outcome", `${push.agentId} pushed after the outcome was resolved as ${outcome}`);
  }

  /** Only our own commits may be taken back. */
  watchDelete(branch: string, commit: string): void {
    const isOurs = this.#stage.remote.pushes.some((push) => push.branch === branch && push.commit === commit);
    if (!isOurs) this.#fail("foreign_deleted", `${branch} at ${commit} is to be deleted, and nobody of us pushed that`);
  }

  /** Somebody was told that there is nothing left to kill, and has asked only once. */
  checkEnded(taskId: TaskId, onlyAsker: string | undefined): void {
    const task = this.#stage.table.getTask(taskId);
    if (task && !isFinal(task.status)) this.#fail("kill_refused", `${taskId} is ${task.status} and was called ended`);
    if (onlyAsker && task?.killed?.cause === "kill" && task.killed.by === onlyAsker)
      this.#fail("kill_disowned", `${taskId} was killed by whoever was told that it had ended`);
  }

  /** What this task still waits for, or undefined when it has come to its end. */
  whyOpen(task: Task): string | undefined {
    if (!isFinal(task.status)) return `it is ${task.status}`;
    if (task.due) return `it still owes ${task.due.kind}`;
    if (task.owedCleanups) return "an attempt of it is not cleaned up";
    return undefined;
  }

  #fail(code: string, message: string): void {
    this.#stage.world.fail(code, message);
  }
}
