import { afterAll, beforeAll, expect, it } from "vitest";
import { plus, requestsOf } from "../../scripts/cost/combine.ts";
import { type Counts, countOf } from "../../scripts/cost/counter.ts";
import { priceOpenDashboard } from "../../scripts/cost/open-dashboard.ts";
import { completeTask } from "../../scripts/cost/paths.ts";
import { priceCounts, totalOf } from "../../scripts/cost/price-counts.ts";
import { priceSandbox } from "../../scripts/cost/sandbox.ts";
import { openStage, type Stage } from "../../scripts/cost/stage.ts";
import { heartbeatsOf, uploadsOf } from "../../scripts/cost/task-price.ts";
import { floorOf } from "../bench/requests/floor.ts";
import { sharedImageDir } from "../support/image-dir.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(sharedImageDir);
});
afterAll(() => stage.close());

/** Requests; write units; read units. */
const linesOf = (counts: Counts) =>
  [...counts].map(([name, so]) => `${name}: ${so.requests}; ${so.writeUnits}; ${so.readUnits}`).sort();

it("a command whose branch is pushed asks for just these requests; whoever adds one says so here and in docs/cost.md", async () => {
  const counts = await completeTask(stage);
  expect(linesOf(counts)).toEqual([
    "dynamodb BatchGetItem switch: 2; 0; 6",
    "dynamodb DeleteItem outbox: 1; 1; 0",
    "dynamodb GetItem key: 1; 0; 1",
    "dynamodb GetItem spec: 1; 0; 1",
    "dynamodb GetItem switches: 1; 0; 1",
    "dynamodb GetItem task: 6; 0; 6",
    "dynamodb PutItem workspaces: 1; 1; 0",
    "dynamodb Query backends: 2; 0; 2",
    "dynamodb Query counter: 1; 0; 1",
    "dynamodb Query index ready: 3; 0; 1.5",
    "dynamodb Query slots: 1; 0; 1",
    "dynamodb Query webhooks: 1; 0; 1",
    "dynamodb TransactWriteItems claimed: 1; 14; 0",
    "dynamodb TransactWriteItems cleanup: 1; 8; 0",
    "dynamodb TransactWriteItems completed: 1; 20; 0",
    "dynamodb TransactWriteItems created: 1; 18; 0",
    "dynamodb TransactWriteItems permit_granted: 1; 7; 0",
    "dynamodb TransactWriteItems started: 1; 9; 0",
    "dynamodb TransactWriteItems work_done: 1; 7; 0",
    "dynamodb UpdateItem attempt: 3; 3; 0",
    "dynamodb UpdateItem requests: 1; 1; 0",
    "ecs RunTask: 1; 0; 0",
    "lambda api POST beat: 2; 0; 0",
    "lambda api POST complete: 1; 0; 0",
    "lambda api POST permit: 1; 0; 0",
    "lambda api POST start: 1; 0; 0",
    "lambda api POST tasks: 1; 0; 0",
    "lambda api POST work-done: 1; 0; 0",
    "lambda message: 1; 0; 0",
    "lambda sandbox-state: 1; 0; 0",
    "s3 PUT diff: 1; 0; 0",
    "s3 PUT log: 1; 0; 0",
    "sqs DeleteMessageBatch: 1; 0; 0",
    "sqs ReceiveMessage: 1; 0; 0",
    "sqs SendMessage: 1; 0; 0",
    "ssm GetParameter: 2; 0; 0",
  ]);
  // With as many heartbeats as fifteen minutes have.
  const more = 30 - countOf(counts, "lambda api POST beat");
  expect((requestsOf(counts) + more) / (floorOf(counts) + more), "beside its floor").toBeLessThanOrEqual(1.2);
});

const count = (requests: number, writeUnits = 0, readUnits = 0) => ({ requests, writeUnits, readUnits, ms: 0 });

it("a bill is each count at its price", () => {
  const counts: Counts = new Map([
    ["dynamodb PutItem a", count(1, 3)],
    ["dynamodb Query b", count(1, 0, 2)],
    ["s3 PUT log", count(2)],
    ["ssm GetParameter", count(1)],
    ["sqs SendMessage", count(5)],
    ["ecs RunTask", count(9)],
    ["lambda message", count(1)],
  ]);
  const bill = priceCounts(counts, 1000);
  expect(bill).toMatchObject({ S3: 10e-6, KMS: 3e-6, SQS: 2e-6, "DynamoDB writes": 3 * 0.625e-6, logs: 0.5e-6 });
  expect(bill["Lambda time"]).toBeCloseTo(0.25 * 0.25 * 0.0000133334, 12);
  expect(totalOf(priceCounts(plus(counts, counts, -1), 1000))).toBe(0);
});

it("a sandbox costs what its CPUs, memory, further disk and address do, by its architecture", () => {
  const size = { architecture: "X86_64", cpuUnits: 2048, memoryMb: 8192, diskGb: 40, hasPublicAddress: true } as const;
  expect(priceSandbox(size, 60)).toBeCloseTo(2 * 0.04048 + 8 * 0.004445 + 20 * 0.000111 + 0.005, 10);
  const smaller = { ...size, architecture: "ARM64", diskGb: 20, hasPublicAddress: false } as const;
  expect(priceSandbox(smaller, 15)).toBeCloseTo((2 * 0.03238 + 8 * 0.00356) / 4, 10);
});

it("an open dashboard is a function that runs, asks twice a second, and begins anew each minute", () => {
  const feed: Counts = new Map([
    ["dynamodb Query index feed", count(6, 0, 3)],
    ["dynamodb GetItem key", count(1, 0, 1)],
    ["dynamodb UpdateItem requests", count(1, 1)],
    ["lambda api GET events", count(1)],
  ]);
  const asked = 7_200 * 0.5 * 0.125e-6 + 60 * (0.125e-6 + 0.625e-6 + 0.2e-6 + 1.1e-6);
  expect(priceOpenDashboard(feed)).toBeCloseTo(asked + 3_600 * 0.25 * 0.0000133334, 8);
});

it("a task of fifteen minutes beats thirty times, and its log is uploaded twice before its end", () => {
  expect(heartbeatsOf({ minutes: 15, modelCalls: 0 })).toBe(30);
  expect(uploadsOf({ minutes: 15, modelCalls: 0 })).toBe(2);
  expect(uploadsOf({ minutes: 15, modelCalls: 40 })).toBe(6);
  expect(uploadsOf({ minutes: 0.1, modelCalls: 0 })).toBe(0);
});
