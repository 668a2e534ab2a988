import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { DeleteItemCommand, DynamoDBClient, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { ulid } from "ulid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuditEvent, hashEvent } from "../../functions/core/audit.ts";
import { digestFileName } from "../../functions/core/digest.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import { readDigest } from "../../functions/flows/read-digest.ts";
import { writeDigest } from "../../functions/flows/write-digest.ts";
import { hold } from "../support/fault-proxy.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const base = "/api/orchestrator";
const dayMs = 24 * 60 * 60 * 1000;
const dir = mkdtempSync(join(tmpdir(), "drover-audit-"));
const drover = resolve(import.meta.dirname, "../../scripts/drover.ts");
const startedAt = Date.now();
let realNow: () => number;
let ended: TaskId[] = [];

beforeAll(() => {
  const { clock, ids } = stack.cloud;
  realNow = clock.now;
  ids.task = () => `tsk_${ulid(clock.now())}`;
});
afterAll(() => {
  stack.cloud.clock.now = realNow;
  rmSync(dir, { recursive: true, force: true });
});

/**
 * The clock of all functions of this stack jumps to so many midnights from now, and goes on from there. Nothing may be
 * live then, or its lease would end; and never back, or what is written then looks forged.
 */
function setDay(days: number): void {
  const aheadMs = (Math.floor(startedAt / dayMs) + days) * dayMs - startedAt;
  stack.cloud.clock.now = () => realNow() + aheadMs;
}

async function get(path: string, apiKey = stack.local.apiKey): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${stack.local.url}${base}/audit/${path}`, { headers: { "x-api-key": apiKey } });
  return { status: answer.status, text: await answer.text() };
}

async function save(name: string, text: string): Promise<string> {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

/** The command as people run it, on files as they get them. */
async function verify(exported: string, digests: string, ...options: string[]): Promise<{ code: number; out: string }> {
  const files = ["--export", await save("export", exported), "--digests", await save("digests", digests)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [drover, "verify", ...files, ...options]);
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, out: stdout };
  }
}

const publicKey = async () => (await call(stack, "GET", `${base}/audit/key`)).body.publicKey as string;
const makeKey = async (workspace: string, role: string) =>
  (await call(stack, "POST", `${base}/workspaces/${workspace}/keys`, { name: role, role })).body.apiKey as string;
const digestCount = async () => (await stack.cloud.table.listDigests(0, 100)).length;
const lastDigest = async () => {
  const record = await stack.cloud.table.getLastDigest();
  const digest = record && (await readDigest(stack.cloud, record));
  if (!digest) throw new Error("there is no digest");
  return digest;
};
const headsOf = async () => (await lastDigest()).parts.flatMap(({ heads }) => heads);

it("the first digest is written by itself, and one a day after that, however many write at the same moment", async () => {
  await until("there is a digest", async () => {
    await stack.local.reaper.runNow();
    return (await digestCount()) === 1;
  });
  const live = await submit(stack, { repository: remote.url, command: ["sleep", "1000"] });
  const done = await submit(stack, { repository: remote.url, command: ["true"] });
  const failed = await submit(stack, { repository: remote.url, command: ["false"], maxAttempts: 1 });
  await untilStatus(stack, live, "running");
  await kill(stack, live);
  ended = [live, done, failed];
  for (const taskId of ended) await untilSettled(stack, taskId);
  await checkInvariants(stack, ended);

  await writeDigest(stack.cloud);
  expect(await digestCount()).toBe(1);
  const gate = hold();
  const isDigest = (body: unknown) => JSON.stringify(body).includes('"pk":{"S":"digests"}');
  const held = stack.faults.DYNAMODB.on({ operation: "PutItem", match: isDigest, do: gate });
  setDay(1);
  const writers = [writeDigest(stack.cloud), writeDigest(stack.cloud)];
  await until("both want to write", async () => held.hits() >= 2);
  gate.release();
  await Promise.all(writers);
  held.remove();
  await stack.local.reaper.runNow();
  expect(await digestCount()).toBe(2);
  const record = await stack.cloud.table.getLastDigest();
  expect(await stack.cloud.table.addDigest({ number: 2, at: 1, coveredUntil: 1, hash: "another" })).toBe("exists");
  expect(await stack.cloud.table.getLastDigest()).toEqual(record);
  const heads = await headsOf();
  for (const taskId of ended) {
    const task = await stack.cloud.table.getTask(taskId);
    expect(heads).toContainEqual({ chain: taskId, version: task?.version, hash: task?.lastEventHash });
  }
});

it("a settled task is named once more, as ended, and then costs nothing", async () => {
  const lost = stack.faults.DYNAMODB.on({
    operation: "PutItem",
    match: (body) => JSON.stringify(body).includes('"pk":{"S":"digests"}'),
    do: { kind: "drop_answer" },
    times: 1,
  });
  setDay(2);
  await writeDigest(stack.cloud);
  expect(lost.hits()).toBe(1);
  lost.remove();
  expect(await digestCount()).toBe(3);
  const heads = await headsOf();
  for (const chain of ended) expect(heads).toContainEqual(expect.objectContaining({ chain, ended: true }));

  const reads: string[] = [];
  const watch = stack.faults.DYNAMODB.on({
    operation: "BatchGetItem",
    match: (body) => reads.push(JSON.stringify(body)) < 0,
    do: { kind: "drop_answer" },
  });
  setDay(3);
  await writeDigest(stack.cloud);
  watch.remove();
  expect(await headsOf()).toEqual([]);
  expect(reads.filter((body) => ended.some((taskId) => body.includes(taskId)))).toHaveLength(0);
});

it("an export of everything verifies, and one that was touched does not", async () => {
  for (let n = 0; n < 120; n += 1) await makeKey("busy", "member"); // More than one page.
  const [exported, digests, key] = [(await get("export")).text, (await get("digests")).text, await publicKey()];
  expect(await stack.cloud.artifacts.readAuditFile("digests/public-key.txt")).toBe(`${key}\n`);
  const fine = await verify(exported, digests, "--public-key", key);
  expect(fine).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^0 findings in \d+ entries of \d+ chains, against 4 digests/m),
  });
  expect(fine.out).toMatch(/^120 entries are younger/m);
  expect((await verify(exported, digests)).out).toContain("no --public-key was given");

  const lines = exported.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.includes(`"taskId":"${ended[1]}"`) && line.includes('"version":2'));
  const edited = await verify(lines.with(at, lines[at]?.replace("system:", "sYstem:") ?? "").join("\n"), digests);
  expect(edited).toMatchObject({
    code: 1,
    out: expect.stringContaining(`${ended[1]}\t2\tits content does not match its hash`),
  });
  const removed = lines.filter((line) => !line.includes(`"taskId":"${ended[1]}"`)).join("\n");
  expect(await verify(removed, digests)).toMatchObject({
    code: 1,
    out: expect.stringContaining(`${ended[1]}\t1\tthe whole chain is missing`),
  });
  expect(await verify(exported, digests.split("\n").toSpliced(1, 1).join("\n"))).toMatchObject({
    code: 1,
    out: expect.stringContaining("digest 2 is missing"),
  });
  const otherKey = key.replace(/.{6}=$/, "AAAAAA=");
  expect(await verify(exported, digests, "--public-key", otherKey)).toMatchObject({
    code: 1,
    out: expect.stringContaining("a key that is not trusted"),
  });
  expect(await verify(exported, digests, "--from", "yesterday")).toMatchObject({ code: 1 });
});

it("a workspace's admin exports and verifies its own workspace, and sees nothing of others", async () => {
  const admin = await makeKey("other", "workspace_admin");
  const headers = { "x-api-key": admin };
  const body = { repository: remote.url, prompt: "x", agent: { kind: "command", command: ["true"] } };
  const { taskId } = (await call(stack, "POST", tasksPath, body, headers)).body;
  await untilSettled(stack, taskId);
  setDay(4);
  await writeDigest(stack.cloud);
  const [exported, digests] = [(await get("export", admin)).text, (await get("digests", admin)).text];
  expect(exported).toContain(taskId);
  for (const taskId of ended) expect(exported + digests).not.toContain(taskId);
  expect(digests).not.toContain("workspace:default");
  const key = await publicKey();
  expect(await verify(exported, digests, "--of", "other", "--public-key", key)).toMatchObject({ code: 0 });
  expect(await verify(exported, digests, "--public-key", key)).toMatchObject({ code: 1 });
  const gone = exported
    .split("\n")
    .filter((line) => !line.includes(taskId))
    .join("\n");
  expect((await verify(gone, digests, "--of", "other")).out).toContain(`${taskId}\t1\tthe whole chain is missing`);

  expect((await get("export?workspace=default", admin)).status).toBe(403);
  expect((await get("digests?workspace=default", admin)).status).toBe(403);
  const member = await makeKey("default", "member");
  expect((await get("export", member)).status).toBe(403);
  expect((await get("export", "nobody")).status).toBe(401);
  expect((await get("export?from=yesterday")).status).toBe(400);
  expect((await get("export?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")).status).toBe(400);
});

it("an export of a period has the chains that changed in it, from their beginnings", async () => {
  const late = await submit(stack, { repository: remote.url, command: ["true"] });
  await untilSettled(stack, late);
  const today = Math.floor(startedAt / dayMs) * dayMs;
  const period = async (fromDay: number, toDay: number) => {
    const [from, to] = [fromDay, toDay].map((day) => new Date(today + day * dayMs).toISOString());
    const { text } = await get(`export?from=${from}&to=${to}`);
    const options = ["--from", String(from), "--to", String(to)];
    return { text, ...(await verify(text, (await get("digests")).text, ...options)) };
  };
  const first = await period(0, 1);
  expect(first.code).toBe(0);
  for (const taskId of ended) expect(first.text).toContain(taskId);
  const quiet = await period(2.5, 2.9);
  expect(quiet.code).toBe(0);
  for (const taskId of ended) expect(quiet.text).not.toContain(taskId);
  const whole = (await get("export")).text;
  expect(await verify(first.text, (await get("digests")).text)).toMatchObject({ code: 1 });
  expect(await verify(whole, (await get("digests")).text, "--from", new Date().toISOString())).toMatchObject({
    code: 1,
  });
});

it("what is rewritten or removed in the table itself is found, whatever hashes were made anew", async () => {
  const dynamo = new DynamoDBClient();
  const TableName = String(process.env.DROVER_TABLE);
  const itemsOf = async (taskId: string) => {
    const ExpressionAttributeValues = marshall({ ":task": taskId });
    const answer = await dynamo.send(
      new QueryCommand({ TableName, KeyConditionExpression: "pk = :task", ExpressionAttributeValues }),
    );
    return (answer.Items ?? []).map((item) => unmarshall(item));
  };
  const [rewritten, removed] = [String(ended[0]), String(ended[1])];
  let previousHash = "";
  for (const { pk, sk, feedPk, feedSk, ...event } of (await itemsOf(rewritten)).filter((item) =>
    String(item.sk).startsWith("event#"),
  )) {
    const { hash: _, ...rest } = { ...event, previousHash } as unknown as AuditEvent;
    const forged = { ...rest, by: rest.type === "killed" ? "key_somebody_else" : rest.by };
    previousHash = hashEvent(forged);
    const Item = marshall({ pk, sk, feedPk, feedSk, ...forged, hash: previousHash }, { removeUndefinedValues: true });
    await dynamo.send(new PutItemCommand({ TableName, Item }));
  }
  for (const { pk, sk } of await itemsOf(removed))
    await dynamo.send(new DeleteItemCommand({ TableName, Key: marshall({ pk, sk }) }));
  const { code, out } = await verify(
    (await get("export")).text,
    (await get("digests")).text,
    "--public-key",
    await publicKey(),
  );
  expect(code).toBe(1);
  expect(out).toMatch(new RegExp(`^${rewritten}\t\\d+\tdigest 2 has another hash: it was rewritten$`, "m"));
  expect(out).toMatch(new RegExp(`^${removed}\t1\tthe whole chain is missing; digest \\d+ knows \\d+ entries$`, "m"));
  expect(out).toMatch(/^2 findings in/m);
});

it("a digest whose file is lost costs its own evidence: the next one lists everything anew", async () => {
  const record = await stack.cloud.table.getLastDigest();
  if (!record) throw new Error("there is no digest");
  const Key = `audit/${digestFileName(record)}`;
  await new S3Client({ forcePathStyle: true }).send(
    new DeleteObjectCommand({ Bucket: String(process.env.DROVER_ARTIFACTS_BUCKET), Key }),
  );
  setDay(5);
  await writeDigest(stack.cloud);
  const next = await lastDigest();
  expect(next).toMatchObject({ number: record.number + 1, previousHash: record.hash });
  expect(next.parts.flatMap(({ heads }) => heads).map(({ chain }) => chain)).toContain(ended[2]);
  const { out } = await verify((await get("export")).text, (await get("digests")).text);
  expect(out).toContain(`digests\t${next.number}\tdigest ${record.number} is missing`);
});
