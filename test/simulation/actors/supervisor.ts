// What does a supervisor say, in which order? The callback flows of production, spoken as `functions/sandbox` does.
import type { StartAnswer } from "../../../functions/core/callbacks.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import { describeEnd, unansweredExitCode } from "../../../functions/core/sandbox-end.ts";
import type { Caller } from "../../../functions/flows/call-back.ts";
import {
  completeAttempt,
  failAttempt,
  grantPermit,
  rejectWork,
  reportConflict,
  reportWork,
} from "../../../functions/flows/finish-work.ts";
import { recordBeat } from "../../../functions/flows/record-beat.ts";
import { startAttempt } from "../../../functions/flows/start-attempt.ts";
import type { Sandbox } from "../cloud/ecs-state.ts";
import type { Activity } from "../engine/activity.ts";
import { watchGiven } from "../invariants/stops.ts";
import type { Stage } from "../stage.ts";
import { awaitFunction } from "./ambush.ts";
import { tryForeignToken } from "./forger.ts";
import { Inbox } from "./inbox.ts";
import { drawPlan, type Moment, type Plan, type Setback } from "./plan.ts";
import { type Push, publish } from "./publish.ts";
import { request } from "./request.ts";
import { endSandbox } from "./sandbox-life.ts";

/** Until it is told, by the first answer. */
const firstPatienceMs = 60_000;
const firstPauseMs = 500;

/** This process ends: it was dismissed, nobody answers, or it crashed. */
class Exit extends Error {}
/** Nobody has told it its task. */
class Unbegun extends Exit {}

const unbegun = describeEnd({ containers: [{ name: "supervisor", exitCode: unansweredExitCode }] });
const sayEnd = (error: unknown) => (error instanceof Unbegun ? unbegun : String(error));

export function startSupervisor(stage: Stage, sandbox: Sandbox): void {
  const short = sandbox.agentId.slice(-4);
  const [main, pulse] = [stage.world.begin(`supervisor ${short}`), stage.world.begin(`heartbeat ${short}`)];
  stage.processes.set(sandbox.sandboxArn, [main, pulse]);
  const supervisor = new Supervisor(stage, sandbox, main, pulse);
  main.run(
    () => supervisor.work(),
    (outcome) => endSandbox(stage, sandbox, "error" in outcome ? sayEnd(outcome.error) : "it has finished"),
  );
}

export class Supervisor {
  readonly stage: Stage;
  readonly sandbox: Sandbox;
  readonly main: Activity;
  readonly plan: Plan;
  readonly #pulse: Activity;
  readonly #caller: Caller;
  readonly #inbox: Inbox;
  /** It listens to people. */
  #isModel = false;
  #patienceMs = firstPatienceMs;
  #frozenUntil = 0;
  #round = 0;
  #reports = 0;
  #rejections = 0;
  #conflicts = 0;
  #isSilent = false;
  #lastAnswerAt: number;

  constructor(stage: Stage, sandbox: Sandbox, main: Activity, pulse: Activity) {
    this.stage = stage;
    this.sandbox = sandbox;
    this.main = main;
    this.#pulse = pulse;
    this.#caller = { agentId: sandbox.agentId, token: sandbox.token };
    this.#inbox = new Inbox(stage, this.#caller);
    this.plan = drawPlan(stage.world, main);
    this.#lastAnswerAt = stage.world.now;
    if (stage.world.timeline) stage.world.say(main.name, JSON.stringify(this.plan));
  }

  async work(): Promise<void> {
    await this.reach("start");
    const answer = await this.#say("start", (cloud) => this.#guarded(() => startAttempt(cloud, this.#caller)));
    if (!answer) return;
    this.#patienceMs = answer.patienceMs;
    this.#isModel = answer.agent.kind === "model";
    this.#startBeating();
    await this.#listen();
    await this.main.sleep(this.plan.workMs);
    await this.reach("work_done");
    if (this.stage.world.strikes(this.main, "token_of_another")) await tryForeignToken(this, this.#caller);
    const { ends } = this.plan;
    if (this.#isModel && this.stage.world.strikes(this.main, "quota_exhausted")) return this.#failForQuota();
    if (ends.kind === "fails") return this.#fail(ends.failure);
    const setbacks = [...this.plan.setbacks];
    for (;;) {
      this.#round += 1;
      await this.#listen("end");
      const { isSentBack } = await this.#finish(answer, setbacks.shift());
      if (!isSentBack) return;
      await this.#listen();
      await this.main.sleep(this.main.random.between(500, 20_000));
    }
  }

  /** At the end it asks by a beat whether there is more. */
  async #listen(moment?: "end"): Promise<void> {
    if (!this.#isModel) return;
    if (moment === "end") {
      const beat = { ...aBeat, seq: this.#round };
      this.#inbox.told = (await this.#say("beat", (cloud) => recordBeat(cloud, this.#caller, beat)))?.inbox ?? 0;
    }
    await this.#inbox.take((verb, serve) => this.#say(verb, serve));
  }

  /** What to say of it when the work is to go out. */
  get #heard(): { heard?: number } {
    return this.#isModel ? { heard: this.#inbox.heard } : {};
  }

  /** One round: what the agent has made goes out, unless it is sent back. */
  async #finish(answer: StartAnswer, setback: Setback | undefined): Promise<{ isSentBack: boolean }> {
    if (setback?.when === "running") return this.#sendBack(answer, setback);
    const commit = commitOf(this.sandbox.agentId, this.#round);
    this.#reports += 1;
    const work = { commit, files: 1, additions: 1, deletions: 0, round: this.#reports };
    await this.#say("work-done", (cloud) => reportWork(cloud, this.#caller, work));
    if (setback?.when === "verifying") return this.#sendBack(answer, setback);
    if (this.plan.ends.kind === "no_changes") {
      await this.reach("complete");
      const last = { kind: "no_changes", ...this.#heard } as const;
      const task = await this.#say("complete", (cloud) => completeAttempt(cloud, this.#caller, last));
      return task?.status === "verifying" ? this.#hearMore(answer) : done;
    }
    const push = await publish(this, answer, commit, setback !== undefined);
    if (push.kind === "unheard") return this.#hearMore(answer);
    if (push.kind === "conflict") return this.#sendBack(answer, { kind: "conflicted", when: "publishing" });
    if (push.kind === "failed") {
      await this.#fail({ class: push.class, message: "the push did not work" });
      return done;
    }
    await this.reach("complete");
    await this.#say("complete", (cloud) => completeAttempt(cloud, this.#caller, push));
    return done;
  }

  async #sendBack(answer: StartAnswer, { kind }: Setback): Promise<{ isSentBack: boolean }> {
    if (kind === "rejected") {
      this.#rejections += 1;
      const rejection = answer.rejections + this.#rejections;
      const message = { by: "gates", why: "the tests fail", rejection, round: this.#reports } as const;
      await this.#say("reject", (cloud) => rejectWork(cloud, this.#caller, message));
    } else {
      this.#conflicts += 1;
      const conflict = answer.conflicts + this.#conflicts;
      await this.#say("conflict", (cloud) => reportConflict(cloud, this.#caller, { paths: ["a"], conflict }));
    }
    return { isSentBack: true };
  }

  /** Somebody has said something meanwhile: the agent goes on with that. */
  async #hearMore({ rejections }: StartAnswer): Promise<{ isSentBack: boolean }> {
    const rejection = rejections + this.#rejections;
    const message = { by: "message", why: "a message is unheard", rejection, round: this.#reports } as const;
    await this.#say("reject", (cloud) => rejectWork(cloud, this.#caller, message));
    // The beats have not told of it yet.
    this.#inbox.told = Number.POSITIVE_INFINITY;
    return { isSentBack: true };
  }

  permit(branch: string) {
    return this.#say("permit", (cloud) =>
      this.#guarded(() => grantPermit(cloud, this.#caller, { branch, ...this.#heard })),
    );
  }

  /** What is asked for is of use to an agent: secrets, a permit. */
  #guarded<T>(ask: () => Promise<T>): Promise<T> {
    return watchGiven(this.stage, this.sandbox.agentId, ask);
  }

  #failForQuota(): Promise<void> {
    const retryAt = this.stage.world.trueTime + this.main.random.between(10_000, 200_000);
    return this.#fail({ class: "provider_quota", message: "no quota", retryAt });
  }

  async #fail(failure: Parameters<typeof failAttempt>[2]): Promise<void> {
    await this.#say("fail", (cloud) => failAttempt(cloud, this.#caller, failure));
  }

  /** Where its plan may strike: it crashes, hangs for ever, or stands still for a while. */
  async reach(moment: Moment): Promise<void> {
    const { plan, main, stage } = this;
    if (plan.crashAt === moment) throw new Exit("it crashed");
    if (plan.hangAt === moment) {
      this.#isSilent = true;
      await main.sleep(Number.MAX_SAFE_INTEGER);
    }
    if (plan.freezeAt !== moment) return;
    stage.world.say(main.name, `stands still for ${plan.freezeMs} ms before ${moment}`);
    this.#frozenUntil = stage.world.now + plan.freezeMs;
    await main.sleep(plan.freezeMs);
  }

  /** Asks again while nobody answers; a refusal is final. Undefined: refused, and it goes on all the same. */
  async #say<T>(verb: string, serve: (cloud: Cloud) => Promise<T>): Promise<T | undefined> {
    const { world } = this.stage;
    const deadline = world.now + this.#patienceMs;
    const name = `${verb} ${this.sandbox.agentId.slice(-4)}`;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, 4_000)) {
      const answer = await request(this.stage, this.main, name, serve);
      if (answer.kind !== "no_answer") this.#lastAnswerAt = world.now;
      if (answer.kind === "answered") return answer.value;
      if (answer.kind === "refused" && answer.code !== "concurrent_update" && answer.code !== "busy") {
        if (this.plan.isZombie) return undefined;
        throw new Exit(`dismissed: ${answer.code}`);
      }
      if (world.now + pauseMs > deadline) throw new (verb === "start" ? Unbegun : Exit)(`nobody took ${verb}`);
      await this.main.sleep(pauseMs);
    }
  }

  #startBeating(): void {
    this.#pulse.run(
      () => this.#beat(),
      () => undefined,
    );
  }

  async #beat(): Promise<void> {
    const { world, settings } = this.stage;
    for (let seq = 1; !this.#isSilent; seq += 1) {
      const frozenMs = this.#frozenUntil - world.now;
      if (frozenMs > 0) await this.#pulse.sleep(frozenMs);
      // Back after its lease is over, just when a reaper is about to see that.
      if (frozenMs > settings.leaseMs) await awaitFunction(this.stage, this.#pulse, "reaper");
      const beat = { ...aBeat, seq };
      const name = `beat ${this.sandbox.agentId.slice(-4)}`;
      const answer = await request(this.stage, this.#pulse, name, (cloud) => recordBeat(cloud, this.#caller, beat));
      if (answer.kind !== "no_answer") this.#lastAnswerAt = world.now;
      if (answer.kind === "answered") this.#inbox.told = Math.max(this.#inbox.told, answer.value.inbox);
      const isLost = answer.kind === "refused" || world.now - this.#lastAnswerAt > this.#patienceMs;
      if (isLost && !this.plan.isZombie) return endSandbox(this.stage, this.sandbox, "its heartbeat was refused");
      await this.#pulse.sleep(settings.beatMs);
    }
  }

  pushed(push: Push): void {
    this.stage.judge.watchPush(push);
  }
}

const done = { isSentBack: false };
const aBeat = { step: "working", stepStartedAt: 0, output: "", outputLength: 0 };

/** Each round of each attempt makes another commit; 40 hexadecimal digits. */
export const commitOf = (agentId: string, round: number): string =>
  `${Buffer.from(agentId.slice(-12)).toString("hex").padStart(39, "0")}${round}`;
