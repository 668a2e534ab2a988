// What does the table in memory hold beside tasks? Switches, API keys, operations, and the chains of acts about them.
import type { AuditAct } from "../../../functions/core/audit.ts";
import type { Backend, BackendHealth, KeptBackends } from "../../../functions/core/backends.ts";
import type { DigestRecord } from "../../../functions/core/digest.ts";
import type { KeyId } from "../../../functions/core/ids.ts";
import type { IntakeOutcome } from "../../../functions/core/intake.ts";
import type { Operation } from "../../../functions/core/operations.ts";
import type { ProviderPause } from "../../../functions/core/provider-pause.ts";
import type { Schedule, ScheduleId } from "../../../functions/core/schedules.ts";
import type { Source, SourceId } from "../../../functions/core/sources.ts";
import {
  formatScope,
  type Scope,
  type Switch,
  type Switches,
  scopesOf,
  untouched,
} from "../../../functions/core/switches.ts";
import type { ActWrite, ApiKey, Caller, RequestKind, Table } from "../../../functions/core/table.ts";
import type { Task } from "../../../functions/core/task.ts";
import { MemoryNotices } from "./memory-notices.ts";
import type { Sync } from "./sync.ts";

type Message = Pick<IntakeOutcome, "workspace" | "messageId">;

type Part = Pick<
  Sync<Table>,
  | "getSwitches"
  | "getApiKey"
  | "listApiKeys"
  | "countRequest"
  | "getChainHead"
  | "listActs"
  | "listChainHeads"
  | "addDigest"
  | "getLastDigest"
  | "listDigests"
  | "commitAct"
  | "getOperation"
  | "openOperations"
  | "putOperation"
  | "listBackends"
  | "putBackendHealth"
  | "getIntakeOutcome"
  | "addIntakeOutcome"
  | "getSource"
  | "listSources"
  | "getSchedule"
  | "listSchedules"
  | "dueSchedules"
  | "replaceSchedule"
>;

export class MemoryActs implements Part {
  readonly switches = new Map<string, Switch>();
  readonly apiKeys = new Map<KeyId, ApiKey>();
  readonly notices = new MemoryNotices();
  readonly digests: DigestRecord[] = [];
  readonly operations = new Map<string, Operation>();
  readonly backends = new Map<string, Backend>();
  readonly health = new Map<string, BackendHealth>();
  readonly requests = new Map<string, number>();
  /** Until when each is out of quota. */
  readonly providers = new Map<string, ProviderPause>();
  readonly sources = new Map<SourceId, Source>();
  readonly schedules = new Map<ScheduleId, Schedule>();
  readonly intakeOutcomes = new Map<string, IntakeOutcome>();
  readonly chains = new Map<string, AuditAct[]>();
  /** By workspace and backend, until one of them changes: they are read more often than anything else. */
  readonly #switches = new Map<string, Switches>();

  getSwitches(task: Pick<Task, "workspace" | "backend">): Switches {
    const name = `${task.workspace} ${task.backend}`;
    const known = this.#switches.get(name);
    if (known) return known;
    const scopes = scopesOf(task);
    const read = (scope: Scope) => this.switches.get(formatScope(scope)) ?? untouched(scope);
    const all = { global: read(scopes.global), workspace: read(scopes.workspace), backend: read(scopes.backend) };
    this.#switches.set(name, all);
    return all;
  }

  getApiKey(keyId: KeyId): ApiKey | undefined {
    return this.apiKeys.get(keyId);
  }

  listApiKeys(workspace: string): ApiKey[] {
    const mine = [...this.apiKeys.values()].filter((key) => key.workspace === workspace);
    return mine.sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  }

  countRequest(caller: Caller, kind: RequestKind, minute: number, limit: number): boolean {
    const name = `${caller}#${kind}#${minute}`;
    const counted = this.requests.get(name) ?? 0;
    if (counted >= limit) return false;
    this.requests.set(name, counted + 1);
    return true;
  }

  getChainHead(chain: string): { version: number; hash: string } {
    const last = this.chains.get(chain)?.at(-1);
    return { version: last?.version ?? 0, hash: last?.hash ?? "" };
  }

  listActs(chain: string, afterVersion: number, limit: number): AuditAct[] {
    return this.chains.get(chain)?.slice(afterVersion, afterVersion + limit) ?? [];
  }

  commitAct(act: AuditAct, writes: readonly ActWrite[]): { kind: "committed" | "stale" | "contended" } {
    const acts = this.chains.get(act.chain) ?? [];
    const last = acts.at(-1);
    // The request token: a repetition is answered as the first, whatever has happened since.
    if (acts[act.version - 1]?.eventId === act.eventId) return { kind: "committed" };
    if ((last?.version ?? 0) !== act.version - 1) return { kind: "stale" };
    if (writes.some((write) => write.kind === "schedule" && !this.#follows(write.schedule))) return { kind: "stale" };
    if (writes.some((write) => write.kind === "intake_outcome" && this.isDecided(write.outcome)))
      return { kind: "stale" };
    this.chains.set(act.chain, [...acts, act]);
    for (const write of writes) this.#write(write);
    return { kind: "committed" };
  }

  #follows({ scheduleId, version }: Schedule): boolean {
    return (this.schedules.get(scheduleId)?.version ?? 0) === version - 1;
  }

  #write(write: ActWrite): void {
    switch (write.kind) {
      case "switch":
        this.switches.set(write.next.scope, write.next);
        this.#switches.clear();
        return;
      case "api_key":
        this.apiKeys.set(write.key.keyId, write.key);
        return;
      case "webhook":
        this.notices.webhooks.set(write.webhook.webhookId, write.webhook);
        return;
      case "webhook_removed":
        this.notices.webhooks.delete(write.webhookId);
        return;
      case "source":
        this.sources.set(write.source.sourceId, write.source);
        return;
      case "source_removed":
        this.sources.delete(write.sourceId);
        return;
      case "schedule":
        this.schedules.set(write.schedule.scheduleId, write.schedule);
        return;
      case "schedule_removed":
        this.schedules.delete(write.scheduleId);
        return;
      case "backend":
        this.backends.set(write.backend.name, write.backend);
        return;
      case "provider_resumed":
        this.providers.delete(`${write.workspace}#${write.credential}`);
        return;
      case "intake_outcome":
        this.intakeOutcomes.set(messageName(write.outcome), write.outcome);
        return;
      case "operation":
        this.operations.set(write.operation.operationId, write.operation);
    }
  }

  getIntakeOutcome(workspace: string, messageId: string): IntakeOutcome | undefined {
    return this.intakeOutcomes.get(messageName({ workspace, messageId }));
  }

  addIntakeOutcome(outcome: IntakeOutcome): "added" | "exists" {
    if (this.isDecided(outcome)) return "exists";
    this.intakeOutcomes.set(messageName(outcome), outcome);
    return "added";
  }

  protected isDecided(message: Message): boolean {
    return this.intakeOutcomes.has(messageName(message));
  }

  getSource(sourceId: SourceId): Source | undefined {
    return this.sources.get(sourceId);
  }

  listSources(workspace: string): Source[] {
    const mine = [...this.sources.values()].filter((source) => source.workspace === workspace);
    return mine.sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
  }

  getSchedule(workspace: string, scheduleId: ScheduleId): Schedule | undefined {
    const schedule = this.schedules.get(scheduleId);
    return schedule?.workspace === workspace ? schedule : undefined;
  }

  listSchedules(workspace: string): Schedule[] {
    const mine = [...this.schedules.values()].filter((schedule) => schedule.workspace === workspace);
    return mine.sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
  }

  dueSchedules(now: number, limit: number): { workspace: string; scheduleId: ScheduleId }[] {
    const timed = [...this.schedules.values()].flatMap(({ workspace, scheduleId, nextAt }) =>
      nextAt !== undefined && nextAt <= now ? { workspace, scheduleId, nextAt } : [],
    );
    timed.sort((a, b) => a.nextAt - b.nextAt || (a.scheduleId < b.scheduleId ? -1 : 1));
    return timed.slice(0, limit).map(({ workspace, scheduleId }) => ({ workspace, scheduleId }));
  }

  replaceSchedule(before: Schedule, after: Schedule): "replaced" | "stale" {
    if (this.schedules.get(before.scheduleId)?.version !== before.version) return "stale";
    this.schedules.set(after.scheduleId, after);
    return "replaced";
  }

  listChainHeads(): { chain: string; version: number; hash: string }[] {
    return [...this.chains.keys()].sort().map((chain) => ({ chain, ...this.getChainHead(chain) }));
  }

  addDigest(record: DigestRecord): "added" | "exists" {
    if (this.digests.some(({ number }) => number === record.number)) return "exists";
    this.digests.push(record);
    return "added";
  }

  getLastDigest(): DigestRecord | undefined {
    return this.digests.at(-1);
  }

  listDigests(afterNumber: number, limit: number): DigestRecord[] {
    return this.digests.filter(({ number }) => number > afterNumber).slice(0, limit);
  }

  getOperation(operationId: Operation["operationId"]): Operation | undefined {
    return this.operations.get(operationId);
  }

  openOperations(): Operation[] {
    return [...this.operations.values()].filter(({ finishedAt }) => finishedAt === undefined);
  }

  putOperation(operation: Operation): void {
    this.operations.set(operation.operationId, operation);
  }

  listBackends(): KeptBackends {
    return { backends: [...this.backends.values()], health: [...this.health.values()] };
  }

  putBackendHealth(health: BackendHealth): void {
    this.health.set(health.name, health);
  }
}

const messageName = ({ workspace, messageId }: Message) => `${workspace}#${messageId}`;
