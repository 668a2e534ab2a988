// Does the one count that stands for three switches hold while they are turned beside it? On the real table, step by step.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ulid } from "ulid";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openTable } from "../../functions/aws/table.ts";
import { tableDefinition } from "../../functions/aws/table-definition.ts";
import { applyAct, type SwitchAct } from "../../functions/core/switches.ts";
import type { Table } from "../../functions/core/table.ts";
import type { Task } from "../../functions/core/task.ts";
import { recordAct } from "../../functions/flows/record-act.ts";
import { startDynoxide } from "../../infra/local/dynoxide.ts";
import { changeOf, makeCreation, newWorkspace, now } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { type FaultProxy, hold, type PlacedRule, type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-fences-"));
const placed: PlacedRule[] = [];
let faults: FaultProxy;
/** `table` goes through the proxy, `beside` does not: so somebody else is never held up. */
let [table, beside]: Table[] = [];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  const local = await startDynoxide({ dbPath: join(folder, "tables.db") });
  faults = await startFaultProxy(local.url);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const [near, far] = [local.url, faults.url].map(
    (endpoint) => new DynamoDBClient({ endpoint, region: "eu-central-1", credentials }),
  );
  if (!near || !far) throw new Error("no client");
  await near.send(new CreateTableCommand({ ...tableDefinition, TableName: "fences" }));
  [table, beside] = [far, near].map((client) => openTable({ client, tableName: "fences" }));
  closing.push(
    () => near.destroy(),
    () => far.destroy(),
    faults.close,
    local.close,
  );
});
afterEach(() => {
  for (const rule of placed.splice(0)) rule.remove();
});
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

function open(one: Table | undefined): Table {
  if (!one) throw new Error("the table is not open");
  return one;
}

function place(rule: Rule): PlacedRule {
  const one = faults.on(rule);
  placed.push(one);
  return one;
}

/** As an operator does it, with its act. */
async function turn(workspace: string, act: SwitchAct): Promise<void> {
  const clock = startClock(now);
  const cloud = openMemoryCloud(new MemoryTable(clock.now), { table: open(beside), clock });
  await recordAct(cloud, `workspace:${workspace}`, "key_1", async () => {
    const { workspace: before } = await cloud.table.getSwitches({ workspace, backend: "none" });
    const change = applyAct(before, act, "key_1", "the test says so", now);
    if (change.kind === "unchanged") throw new Error(change.why);
    return { type: `switch_${act}`, data: {}, writes: [{ kind: "switch", next: change.next }] };
  });
}

const make = (workspace: string) => makeCreation({ workspace, backend: `backend-${ulid()}` });
async function makeTask(workspace: string): Promise<Task> {
  const creation = make(workspace);
  expect(await open(table).createTask(creation)).toEqual({ kind: "created" });
  return creation.task;
}

/** A callback, as far as the table is concerned: a fenced change of what was read. */
async function callBack({ taskId }: Task): Promise<string> {
  const task = await open(table).getTask(taskId);
  if (!task) throw new Error(`${taskId} is gone`);
  return (await open(table).commit(changeOf(task, { type: "edited", fields: [] }, { fenced: true }))).kind;
}

/** One check asks the count, three ask the switches themselves. */
const hasChecks = (count: number) => (body: unknown) =>
  (body as { TransactItems: object[] }).TransactItems.filter((item) => "ConditionCheck" in item).length === count;

/** Does something while the first write with so many checks is on its way, and lets it arrive after that. */
async function whileHeld<T>(checks: number, act: () => Promise<T>, meanwhile: () => Promise<void>): Promise<T> {
  const held = hold();
  place({ operation: "TransactWriteItems", match: hasChecks(checks), times: 1, do: held });
  const acting = act();
  await held.reached;
  await meanwhile();
  held.release();
  return acting;
}

/** What came of it, and in how many writes. */
async function countWrites(act: () => Promise<string>): Promise<[string, number]> {
  const counted = place({ operation: "TransactWriteItems", do: { kind: "delay_until", promise: Promise.resolve() } });
  const outcome = await act();
  counted.remove();
  return [outcome, counted.hits()];
}

it("a task that is admitted while its workspace is stopped is not made, and beside a stop elsewhere it is, and looks again", async () => {
  const [workspace, elsewhere] = [newWorkspace(), newWorkspace()];
  const late = make(workspace);
  const admit = (creation: typeof late) => async () => (await open(table).createTask(creation)).kind;
  expect(await whileHeld(3, admit(late), () => turn(workspace, "stop"))).toBe("fenced");
  expect(await open(beside).getTask(late.task.taskId)).toBeUndefined();
  const fine = make(newWorkspace());
  expect(await whileHeld(3, admit(fine), () => turn(elsewhere, "stop"))).toBe("created");
  // What it read before the stop is not the count any more.
  expect(await countWrites(() => callBack(fine.task))).toEqual(["committed", 2]);
  expect(await countWrites(() => callBack(fine.task))).toEqual(["committed", 1]);
});

it("a stop that comes while a callback's transaction is on its way fences it, and one between two callbacks the second", async () => {
  const [first, second] = [newWorkspace(), newWorkspace()];
  const held = await makeTask(first);
  expect(await callBack(held)).toBe("committed");
  expect(
    await whileHeld(
      1,
      () => callBack(held),
      () => turn(first, "stop"),
    ),
  ).toBe("fenced");
  expect(await callBack(held)).toBe("fenced");
  expect((await open(beside).getTask(held.taskId))?.version).toBe(2);
  const between = await makeTask(second);
  expect(await countWrites(() => callBack(between))).toEqual(["committed", 1]);
  await turn(second, "stop");
  expect(await countWrites(() => callBack(between))).toEqual(["fenced", 2]);
});

it("a stop between the read of the count and the transaction fences, and one elsewhere is noticed by the next", async () => {
  const [workspace, elsewhere] = [newWorkspace(), newWorkspace()];
  const task = await makeTask(workspace);
  await turn(elsewhere, "stop");
  // The count is behind, so it is read anew; the write that asks all three is held.
  expect(
    await whileHeld(
      3,
      () => callBack(task),
      () => turn(elsewhere, "stop"),
    ),
  ).toBe("committed");
  expect(await countWrites(() => callBack(task))).toEqual(["committed", 2]);
  await turn(elsewhere, "stop");
  expect(
    await whileHeld(
      3,
      () => callBack(task),
      () => turn(workspace, "stop"),
    ),
  ).toBe("fenced");
  expect(await callBack(task)).toBe("fenced");
});

it("only a stop costs the tasks of others a second look: not a release, a pause, a resume, nor what concerns gates", async () => {
  const [workspace, elsewhere] = [newWorkspace(), newWorkspace()];
  await turn(elsewhere, "stop");
  const task = await makeTask(workspace);
  for (const act of ["release", "pause", "resume", "forbid-yolo", "allow-yolo"] as const) {
    await turn(elsewhere, act);
    expect([act, await countWrites(() => callBack(task))]).toEqual([act, ["committed", 1]]);
  }
  await turn(elsewhere, "stop");
  expect(await countWrites(() => callBack(task))).toEqual(["committed", 2]);
});

it("a creation that is tried again after a stop elsewhere is another request to DynamoDB; one whose answer is lost is the same", async () => {
  const creation = make(newWorkspace());
  const tokens: string[] = [];
  const note = (body: unknown) => tokens.push((body as { ClientRequestToken: string }).ClientRequestToken) < 0;
  place({ operation: "TransactWriteItems", match: note, do: { kind: "drop_request" } });
  const reasons = { CancellationReasons: [{ Code: "TransactionConflict" }] };
  const busy = { type: "TransactionCanceledException", message: "busy", extra: reasons } as const;
  const contended = place({ operation: "TransactWriteItems", do: { kind: "error", ...busy } });
  expect(await open(table).createTask(creation)).toEqual({ kind: "contended" });
  contended.remove();
  await turn(newWorkspace(), "stop");
  place({ operation: "TransactWriteItems", times: 1, do: { kind: "drop_answer" } });
  expect(await open(table).createTask(creation)).toEqual({ kind: "created" });
  expect(tokens).toHaveLength(3);
  expect(new Set(tokens).size).toBe(2);
  expect(tokens[1]).toBe(tokens[2]);
});
