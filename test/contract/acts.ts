// What do acts without a task promise? A chain that nobody can fork, and a switch that fences in the same moment.
import { ulid } from "ulid";
import { expect, it } from "vitest";
import { type AuditAct, hashEvent } from "../../functions/core/audit.ts";
import type { Backend } from "../../functions/core/backends.ts";
import type { IntakeOutcome } from "../../functions/core/intake.ts";
import type { Operation } from "../../functions/core/operations.ts";
import { taskRequest } from "../../functions/core/requests.ts";
import type { Schedule } from "../../functions/core/schedules.ts";
import { type Source, taskTemplate } from "../../functions/core/sources.ts";
import { type Switch, untouched } from "../../functions/core/switches.ts";
import type { ApiKey } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import {
  changeOf,
  claim,
  createTask,
  kill,
  makeCreation,
  newEventId,
  newWorkspace,
  now,
  type OpenTable,
} from "./support.ts";

function makeAct(chain: string, version: number, previousHash: string): AuditAct {
  const unhashed = {
    eventId: newEventId(),
    chain,
    version,
    type: "test",
    at: now,
    by: "key_1",
    data: {},
    previousHash,
  };
  return { ...unhashed, hash: hashEvent(unhashed) };
}

const makeOperation = (scope: string): Operation => ({
  operationId: `opr_${ulid()}`,
  scope,
  generation: 1,
  by: "key_1",
  reason: "enough",
  startedAt: now,
  total: 0,
  killed: 0,
  failed: 0,
  workspaces: [],
  errors: [],
});

export function actContract(open: OpenTable): void {
  const stopped = (workspace: string): Switch => ({
    ...untouched({ kind: "workspace", name: workspace }),
    generation: 1,
    stopped: true,
  });

  it("chains acts: the next one needs the head that it was made for", async () => {
    const chain = `workspace:${newWorkspace()}`;
    expect(await open().getChainHead(chain)).toEqual({ version: 0, hash: "" });
    const first = makeAct(chain, 1, "");
    expect(await open().commitAct(first, [])).toEqual({ kind: "committed" });
    expect(await open().commitAct(makeAct(chain, 1, ""), [])).toEqual({ kind: "stale" });
    expect(await open().commitAct(first, [])).toEqual({ kind: "committed" });
    const second = makeAct(chain, 2, first.hash);
    expect(await open().commitAct(second, [])).toEqual({ kind: "committed" });
    expect(await open().commitAct(first, [])).toEqual({ kind: "committed" });
    expect(await open().getChainHead(chain)).toEqual({ version: 2, hash: second.hash });
    expect(await open().listActs(chain, 0, 10)).toEqual([first, second]);
    expect(await open().listActs(chain, 1, 10)).toEqual([second]);
  });

  it("turns a switch with its act, and not without it", async () => {
    const workspace = newWorkspace();
    const chain = `workspace:${workspace}`;
    const scope = { workspace, backend: `backend-${ulid()}` };
    expect((await open().getSwitches(scope)).workspace).toEqual(untouched({ kind: "workspace", name: workspace }));
    await open().commitAct(makeAct(chain, 2, "nothing"), [{ kind: "switch", next: stopped(workspace) }]);
    expect((await open().getSwitches(scope)).workspace.generation).toBe(0);
    await open().commitAct(makeAct(chain, 1, ""), [{ kind: "switch", next: stopped(workspace) }]);
    expect((await open().getSwitches(scope)).workspace).toEqual(stopped(workspace));
  });

  it("fences a task that was admitted before the stop, and lets it be killed", async () => {
    const workspace = newWorkspace();
    const task = await createTask(open(), { workspace, backend: `backend-${ulid()}` });
    expect(await open().commit(changeOf(task, { type: "edited", fields: [] }, { fenced: true }))).toEqual({
      kind: "committed",
    });
    const now2 = await open().getTask(task.taskId);
    if (!now2) throw new Error("the task is gone");
    await open().commitAct(makeAct(`workspace:${workspace}`, 1, ""), [{ kind: "switch", next: stopped(workspace) }]);
    expect(await open().commit(changeOf(now2, claim(), { fenced: true }))).toEqual({ kind: "fenced" });
    expect(await open().commit(changeOf(now2, kill))).toEqual({ kind: "committed" });
    const later = { global: 0, workspace: 1, backend: 0 };
    const admitted = await createTask(open(), { workspace, backend: `backend-${ulid()}`, admitted: later });
    expect(await open().commit(changeOf(admitted, claim(), { fenced: true }))).toEqual({ kind: "committed" });
  });

  it("answers a creation that was written already as created, whatever was stopped since, the workspace itself too", async () => {
    const workspace = newWorkspace();
    const creation = makeCreation({ workspace, backend: `backend-${ulid()}` });
    for (const stops of [newWorkspace(), workspace]) {
      expect(await open().createTask(creation)).toEqual({ kind: "created" });
      await open().commitAct(makeAct(`workspace:${stops}`, 1, ""), [{ kind: "switch", next: stopped(stops) }]);
    }
    expect(await open().createTask(creation)).toEqual({ kind: "created" });
    expect((await open().countTasks(workspace)).active).toBe(1);
    expect(await open().createTask(makeCreation({ workspace }))).toEqual({ kind: "fenced" });
  });

  it("fences nobody by a stop elsewhere, and whoever went on behind it by the next that covers them", async () => {
    const [workspace, elsewhere] = [newWorkspace(), newWorkspace()];
    const { taskId } = await createTask(open(), { workspace, backend: `backend-${ulid()}` });
    const edit = async () => {
      const task = await open().getTask(taskId);
      if (!task) throw new Error("the task is gone");
      return open().commit(changeOf(task, { type: "edited", fields: [] }, { fenced: true }));
    };
    expect(await edit()).toEqual({ kind: "committed" });
    await open().commitAct(makeAct(`workspace:${elsewhere}`, 1, ""), [{ kind: "switch", next: stopped(elsewhere) }]);
    expect(await edit()).toEqual({ kind: "committed" });
    expect(await edit()).toEqual({ kind: "committed" });
    await open().commitAct(makeAct(`workspace:${workspace}`, 1, ""), [{ kind: "switch", next: stopped(workspace) }]);
    expect(await edit()).toEqual({ kind: "fenced" });
    expect((await open().getTask(taskId))?.version).toBe(4);
  });

  it("makes no task that was admitted under another generation, and none without gates where that is forbidden", async () => {
    const workspace = newWorkspace();
    const chain = `workspace:${workspace}`;
    const under = (generation: number, over: Partial<Task> = {}) =>
      makeCreation({
        ...{ workspace, backend: `backend-${ulid()}`, admitted: { global: 0, workspace: generation, backend: 0 } },
        ...over,
      });
    const early = under(0);
    const first = makeAct(chain, 1, "");
    await open().commitAct(first, [{ kind: "switch", next: stopped(workspace) }]);
    expect(await open().createTask(early)).toEqual({ kind: "fenced" });
    expect(await open().getTask(early.task.taskId)).toBeUndefined();
    expect(await open().createTask(under(1))).toEqual({ kind: "created" });
    const idempotency = { key: "k", bodyHash: "b", expiresAt: now + 1_000_000 };
    expect(await open().createTask({ ...under(0), idempotency })).toEqual({ kind: "fenced" });
    expect(await open().getIdempotencyRecord(workspace, "k")).toBeUndefined();
    const strict = { ...stopped(workspace), stopped: false, yoloForbidden: true };
    await open().commitAct(makeAct(chain, 2, first.hash), [{ kind: "switch", next: strict }]);
    expect(await open().createTask(under(1, { yolo: true }))).toEqual({ kind: "fenced" });
    expect(await open().createTask(under(1))).toEqual({ kind: "created" });
  });

  function newMessage() {
    const workspace = newWorkspace();
    const message = { workspace, messageId: ulid(), expiresAt: 5 };
    return { workspace, message, decided: () => open().getIntakeOutcome(workspace, message.messageId) };
  }

  it("keeps the refusal of a message with its act, and after it nobody refuses or accepts that message", async () => {
    const { workspace, message, decided } = newMessage();
    const refusal = { ...message, kind: "refused", reason: "the message is not JSON" } as const;
    expect(await decided()).toBeUndefined();
    const first = makeAct(`workspace:${workspace}`, 1, "");
    const write = (outcome: IntakeOutcome) => [{ kind: "intake_outcome", outcome }] as const;
    for (let n = 0; n < 2; n += 1) expect(await open().commitAct(first, write(refusal))).toEqual({ kind: "committed" });
    const next = makeAct(`workspace:${workspace}`, 2, first.hash);
    expect(await open().commitAct(next, write({ ...refusal, reason: "another" }))).toEqual({ kind: "stale" });
    const creation = makeCreation({ workspace });
    const accepted = { ...message, kind: "accepted", taskId: creation.task.taskId } as const;
    expect(await open().createTask({ ...creation, intakeOutcome: accepted })).toEqual({ kind: "decided" });
    expect(await open().getTask(creation.task.taskId)).toBeUndefined();
    expect(await open().addIntakeOutcome(accepted)).toBe("exists");
    expect(await decided()).toEqual(refusal);
    expect(await open().getIntakeOutcome(newWorkspace(), message.messageId)).toBeUndefined();
  });

  it("keeps the acceptance of a message with its task, and after it nobody refuses that message", async () => {
    const { workspace, message, decided } = newMessage();
    const creation = makeCreation({ workspace });
    const intakeOutcome = { ...message, kind: "accepted", taskId: creation.task.taskId } as const;
    for (let n = 0; n < 2; n += 1)
      expect(await open().createTask({ ...creation, intakeOutcome })).toEqual({ kind: "created" });
    const refusal = { ...message, kind: "refused", reason: "too late" } as const;
    const act = makeAct(`workspace:${workspace}`, 1, "");
    expect(await open().commitAct(act, [{ kind: "intake_outcome", outcome: refusal }])).toEqual({ kind: "stale" });
    expect(await decided()).toEqual(intakeOutcome);
    const other = newMessage();
    const repeated = { ...other.message, kind: "accepted", taskId: creation.task.taskId } as const;
    for (const answer of ["added", "exists"]) expect(await open().addIntakeOutcome(repeated)).toBe(answer);
    expect(await other.decided()).toEqual(repeated);
  });

  it("keeps an operation open until it is finished", async () => {
    const operation = makeOperation("global");
    await open().commitAct(makeAct(`workspace:${newWorkspace()}`, 1, ""), [{ kind: "operation", operation }]);
    expect(await open().openOperations()).toContainEqual(operation);
    expect(await open().getOperation(operation.operationId)).toEqual(operation);
    const finished = { ...operation, killed: 2, finishedAt: now };
    await open().putOperation(finished);
    expect(await open().openOperations()).not.toContainEqual(
      expect.objectContaining({ operationId: operation.operationId }),
    );
    expect(await open().getOperation(operation.operationId)).toEqual(finished);
  });

  it("keeps a backend as its last act left it, and what the last check of it found", async () => {
    const name = `backend-${ulid().toLowerCase()}`;
    const mine = async () => {
      const { backends, health } = await open().listBackends();
      return { backends: backends.filter((one) => one.name === name), health: health.filter((h) => h.name === name) };
    };
    const target = { cluster: "c", taskDefinition: "t", subnets: ["s"], securityGroups: [], assignPublicIp: false };
    const backend: Backend = { name, kind: "ecs", target, slots: 3, createdAt: now, createdBy: "key_1" };
    const chain = `workspace:${newWorkspace()}`;
    const first = makeAct(chain, 1, "");
    await open().commitAct(first, [{ kind: "backend", backend }]);
    await open().putBackendHealth({ name, checkedAt: now, latencyMs: 4, error: "refused" });
    await open().putBackendHealth({ name, checkedAt: now + 1, latencyMs: 5 });
    expect(await mine()).toEqual({ backends: [backend], health: [{ name, checkedAt: now + 1, latencyMs: 5 }] });
    const revoked = { ...backend, revokedAt: now };
    await open().commitAct(makeAct(chain, 2, first.hash), [{ kind: "backend", backend: revoked }]);
    expect((await mine()).backends).toEqual([revoked]);
  });

  it("changes a schedule only as it was read, whoever changes it, and finds it when it is due", async () => {
    const workspace = newWorkspace();
    const schedule: Schedule = {
      ...{ scheduleId: `sch_${ulid()}`, workspace, name: "nightly", cron: "0 3 * * *", timezone: "UTC", version: 1 },
      task: taskRequest.parse({ repository: "/r", prompt: "p", agent: { kind: "command", command: ["true"] } }),
      ...{ nextAt: now + 5, createdBy: "key_1", createdAt: now },
    };
    const { scheduleId } = schedule;
    const due = async (at: number) =>
      (await open().dueSchedules(at, 1_000)).filter((one) => one.scheduleId === scheduleId);
    const read = () => open().getSchedule(workspace, scheduleId);
    const chain = `workspace:${workspace}`;
    const first = makeAct(chain, 1, "");
    await open().commitAct(first, [{ kind: "schedule", schedule }]);
    expect([await read(), await open().listSchedules(workspace)]).toEqual([schedule, [schedule]]);
    expect(await open().getSchedule(newWorkspace(), scheduleId)).toBeUndefined();
    expect([await due(now + 4), await due(now + 5)]).toEqual([[], [{ workspace, scheduleId }]]);

    const fired: Schedule = { ...schedule, version: 2, nextAt: now + 50 };
    expect(await open().replaceSchedule(schedule, fired)).toBe("replaced");
    expect(await open().replaceSchedule(schedule, { ...fired, nextAt: now })).toBe("stale");
    expect(await due(now + 5)).toEqual([]);
    const second = makeAct(chain, 2, first.hash);
    const { nextAt: _, ...paused } = fired;
    expect(await open().commitAct(second, [{ kind: "schedule", schedule: { ...paused, version: 2 } }])).toEqual({
      kind: "stale",
    });
    expect(await read()).toEqual(fired);
    expect((await open().getChainHead(chain)).version).toBe(1);
    await open().commitAct(second, [{ kind: "schedule", schedule: { ...paused, version: 3 } }]);
    expect([await read(), await due(now + 1_000)]).toEqual([{ ...paused, version: 3 }, []]);
    await open().commitAct(makeAct(chain, 3, second.hash), [{ kind: "schedule_removed", workspace, scheduleId }]);
    expect(await read()).toBeUndefined();
    expect(await open().replaceSchedule({ ...paused, version: 3 }, fired)).toBe("stale");
    expect(await read()).toBeUndefined();
  });

  it("finds a source by its id and by its workspace, until it is removed", async () => {
    const workspace = newWorkspace();
    const source: Source = {
      ...{ sourceId: `src_${ulid()}`, workspace, name: "issues", kind: "gitea", createdBy: "key_1", createdAt: now },
      ...{ repositories: ["https://git.example/acme/*"], trigger: { label: "drover" } },
      task: taskTemplate.parse({ agent: { kind: "command", command: ["true"] } }),
    };
    const chain = `workspace:${workspace}`;
    const first = makeAct(chain, 1, "");
    await open().commitAct(first, [{ kind: "source", source }]);
    expect(await open().getSource(source.sourceId)).toEqual(source);
    expect(await open().listSources(workspace)).toEqual([source]);
    expect(await open().listSources(newWorkspace())).toEqual([]);
    const { sourceId } = source;
    await open().commitAct(makeAct(chain, 2, first.hash), [{ kind: "source_removed", workspace, sourceId }]);
    expect(await open().getSource(sourceId)).toBeUndefined();
    expect(await open().listSources(workspace)).toEqual([]);
  });

  it("finds an API key by its id and by its workspace", async () => {
    const workspace = newWorkspace();
    const key: ApiKey = {
      keyId: `key_${ulid()}`,
      name: "ci",
      principal: "ci",
      secretHash: "00",
      workspace,
      role: "member",
      createdAt: now,
    };
    expect(await open().getApiKey(key.keyId)).toBeUndefined();
    await open().commitAct(makeAct(`workspace:${workspace}`, 1, ""), [{ kind: "api_key", key }]);
    expect(await open().getApiKey(key.keyId)).toEqual(key);
    expect(await open().listApiKeys(workspace)).toEqual([key]);
  });

  it("counts the requests of a key up to its limit, each minute and kind by itself", async () => {
    const keyId = `key_${ulid()}` as const;
    const count = (kind: "normal" | "kill", minute: number) => open().countRequest(keyId, kind, minute, 2);
    expect([await count("normal", 7), await count("normal", 7), await count("normal", 7)]).toEqual([true, true, false]);
    expect([await count("kill", 7), await count("normal", 8)]).toEqual([true, true]);
  });
}
