// The table of `core/cloud.ts` on DynamoDB: one line per method, the work is in the files beside this one.
import { DescribeTableCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Table } from "../core/table.ts";
import * as acts from "./acts.ts";
import * as attempts from "./attempts.ts";
import * as backends from "./backends.ts";
import { commitChange, createTask } from "./commit.ts";
import * as digests from "./digests.ts";
import { type Dynamo, queryItems, toItem } from "./dynamo.ts";
import { listFeed } from "./feed.ts";
import { listHours } from "./hours.ts";
import { addIntakeOutcome, getIntakeOutcome } from "./intake-outcomes.ts";
import { watchKey, workspaceKey, workspacesPk } from "./keys.ts";
import { getProviderPause, pauseProvider } from "./providers.ts";
import * as queue from "./queue.ts";
import { countRequest } from "./requests.ts";
import * as schedules from "./schedules.ts";
import * as sources from "./sources.ts";
import { getSwitches } from "./switches.ts";
import * as tasks from "./tasks.ts";

export function openTable(dynamo: Dynamo): Table {
  // Written before a workspace's first task and never removed; each process writes it once.
  const knownWorkspaces = new Set<string>();
  const putItem = (item: object) =>
    dynamo.client.send(new PutItemCommand({ TableName: dynamo.tableName, Item: toItem(item) }));

  return {
    async createTask(creation) {
      const { workspace } = creation.task;
      if (!knownWorkspaces.has(workspace)) await putItem(workspaceKey(workspace));
      knownWorkspaces.add(workspace);
      return createTask(dynamo, creation);
    },
    getIdempotencyRecord: (workspace, key) => tasks.getIdempotencyRecord(dynamo, workspace, key),
    getTask: (taskId) => tasks.getTask(dynamo, taskId),
    getTasks: async (taskIds) => [...(await tasks.getTasks(dynamo, taskIds)).values()],
    getSpec: (taskId) => tasks.getSpec(dynamo, taskId),
    listEvents: (taskId, afterVersion, limit) => tasks.listEvents(dynamo, taskId, afterVersion, limit),
    listTasks: (workspace, page) => tasks.listTasks(dynamo, workspace, page),
    countDelayed: (workspaces, limit) => tasks.countDelayed(dynamo, workspaces, limit),
    oldestQueued: (workspace, limit, after) => tasks.oldestQueued(dynamo, workspace, limit, after),
    countTasks: (workspace) => tasks.countTasks(dynamo, workspace),
    listHours: (workspace, from, until) => listHours(dynamo, workspace, from, until),
    readyAfter: (after, limit) => queue.readyAfter(dynamo, after, limit),
    readyHead: (workspace, limit) => queue.readyHead(dynamo, workspace, limit),
    waitingAfter: (kind, after, now, limit) => queue.waitingAfter(dynamo, kind, after, now, limit),
    dueTasks: (kind, now, limit) => queue.dueTasks(dynamo, kind, now, limit),
    makeReady: (task) => queue.makeReady(dynamo, task),
    holdBack: (task, pool, at) => queue.holdBack(dynamo, task, pool, at),
    heldAfter: (pool, after, limit) => queue.heldAfter(dynamo, pool, after, limit),
    postpone: (task, at) => queue.postpone(dynamo, task, at),
    commit: (change) => commitChange(dynamo, change),
    getAttempt: (agentId) => attempts.getAttempt(dynamo, agentId),
    getAttempts: (agentIds) => attempts.getAttempts(dynamo, agentIds),
    listAttempts: (taskId) => attempts.listAttempts(dynamo, taskId),
    listMessages: (taskId, after) => tasks.listMessages(dynamo, taskId, after),
    beat: (agentId, beat, leaseExpiresAt, at) => attempts.beat(dynamo, agentId, beat, leaseExpiresAt, at),
    recordSandbox: async (agentId, arn) =>
      (await attempts.recordSandbox(dynamo, agentId, arn)) ? "recorded" : "refused",
    takeUpLaunch: (agentId, at) => attempts.takeUpLaunch(dynamo, agentId, at),
    dueCleanups: (now, limit) => attempts.dueCleanups(dynamo, now, limit),
    postponeCleanup: (agentId, at, unseenAt) => attempts.postponeCleanup(dynamo, agentId, at, unseenAt),
    heldSlots: (pool) => attempts.heldSlots(dynamo, pool),
    releaseSlot: (slot, holder) => attempts.releaseSlot(dynamo, slot, holder),
    pauseProvider: (workspace, credential, pause) => pauseProvider(dynamo, workspace, credential, pause),
    getProviderPause: (workspace, credential) => getProviderPause(dynamo, workspace, credential),
    getSwitches: (task) => getSwitches(dynamo, task),
    getWatch: () => attempts.getWatch(dynamo),
    putWatch: async (watch) => void (await putItem({ ...watchKey, ...watch })),
    async listWorkspaces(after, limit) {
      // A key is never empty, so "" cannot be asked for.
      const behind = after ? { condition: " AND sk > :after", values: { ":after": after } } : undefined;
      const items = await queryItems(dynamo, {
        KeyConditionExpression: `pk = :workspaces${behind?.condition ?? ""}`,
        ExpressionAttributeValues: toItem({ ":workspaces": workspacesPk, ...behind?.values }),
        ConsistentRead: true,
        Limit: limit,
      });
      return items.map((item) => String(item.sk));
    },
    getApiKey: (keyId) => acts.getApiKey(dynamo, keyId),
    countRequest: (caller, kind, minute, limit) => countRequest(dynamo, caller, kind, minute, limit),
    listApiKeys: (workspace) => acts.listApiKeys(dynamo, workspace),
    getIntakeOutcome: (workspace, messageId) => getIntakeOutcome(dynamo, workspace, messageId),
    addIntakeOutcome: (outcome) => addIntakeOutcome(dynamo, outcome),
    getSource: (sourceId) => sources.getSource(dynamo, sourceId),
    listSources: (workspace) => sources.listSources(dynamo, workspace),
    getSchedule: (workspace, scheduleId) => schedules.getSchedule(dynamo, workspace, scheduleId),
    listSchedules: (workspace) => schedules.listSchedules(dynamo, workspace),
    dueSchedules: (now, limit) => schedules.dueSchedules(dynamo, now, limit),
    replaceSchedule: (before, after) => schedules.replaceSchedule(dynamo, before, after),
    getChainHead: (chain) => acts.getChainHead(dynamo, chain),
    listChainHeads: () => acts.listChainHeads(dynamo),
    listActs: (chain, afterVersion, limit) => acts.listActs(dynamo, chain, afterVersion, limit),
    commitAct: (act, writes) => acts.commitAct(dynamo, act, writes),
    listFeed: (workspace, from, until, limit) => listFeed(dynamo, workspace, from, until, limit),
    addDigest: (record) => digests.addDigest(dynamo, record),
    getLastDigest: () => digests.getLastDigest(dynamo),
    listDigests: (afterNumber, limit) => digests.listDigests(dynamo, afterNumber, limit),
    listBackends: () => backends.listBackends(dynamo),
    putBackendHealth: (health) => backends.putBackendHealth(dynamo, health),
    getOperation: (operationId) => acts.getOperation(dynamo, operationId),
    openOperations: () => acts.openOperations(dynamo),
    putOperation: (operation) => acts.putOperation(dynamo, operation),
    async probe() {
      await dynamo.client.send(new DescribeTableCommand({ TableName: dynamo.tableName }));
    },
  };
}
