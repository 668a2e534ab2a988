// Does a stop cover this task? Asked by the write itself, of one item while no switch has been turned, else of three.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { scopesOf } from "../core/switches.ts";
import type { Task } from "../core/task.ts";
import { type Dynamo, getItem, type Item, toItem } from "./dynamo.ts";
import { switchKey, switchTurnsKey } from "./keys.ts";

const sameGeneration = "generation = :admitted";
const untouchedOrSame = "attribute_not_exists(pk) OR generation = :admitted";
const noYoloIsForbidden = "(attribute_not_exists(yoloForbidden) OR yoloForbidden = :no)";
const noneWasTurned = "turns = :turns";
const noneWasEverTurned = "attribute_not_exists(pk)";

/** A task keeps to the generations it was admitted under; an untouched switch has no item and generation 0. */
export function sameGenerations(dynamo: Dynamo, task: Task, isAdmission = false): TransactWriteItem[] {
  const scopes = scopesOf(task);
  // Every stop raises the generation; that gates may not be skipped any more does not, and concerns new tasks only.
  const isYolo = isAdmission && task.yolo === true;
  return (["global", "workspace", "backend"] as const).map((kind) => {
    const sameStops = task.admitted[kind] === 0 ? untouchedOrSame : sameGeneration;
    return {
      ConditionCheck: {
        TableName: dynamo.tableName,
        Key: toItem(switchKey(scopes[kind])),
        ConditionExpression: isYolo ? `(${sameStops}) AND ${noYoloIsForbidden}` : sameStops,
        ExpressionAttributeValues: toItem({ ":admitted": task.admitted[kind], ...(isYolo ? { ":no": false } : {}) }),
      },
    };
  });
}

/**
 * Whoever stops a scope counts it, in the same transaction. A check costs as much as a write, so a task remembers how
 * often switches had been turned so before its generations were last checked: while the count is the same, so are they.
 *
 *   reads 7 turns ── its generations are right: written, with 7 ──────────── 7 still: nothing was stopped since the read
 *   stop:                                                     generation + 1, 8 turns
 */
export function noneTurned(dynamo: Dynamo, turns: number): TransactWriteItem {
  return {
    ConditionCheck: {
      TableName: dynamo.tableName,
      Key: toItem(switchTurnsKey),
      ...(turns === 0
        ? { ConditionExpression: noneWasEverTurned }
        : { ConditionExpression: noneWasTurned, ExpressionAttributeValues: toItem({ ":turns": turns }) }),
    },
  };
}

export function countTurn(dynamo: Dynamo): TransactWriteItem {
  return {
    Update: {
      TableName: dynamo.tableName,
      Key: toItem(switchTurnsKey),
      UpdateExpression: "ADD turns :one",
      ExpressionAttributeValues: toItem({ ":one": 1 }),
    },
  };
}

export async function readTurns(dynamo: Dynamo): Promise<number> {
  return Number((await getItem(dynamo, switchTurnsKey))?.turns ?? 0);
}

/** Kept in the task's item and told to nobody: one that was not read from it has its generations checked. */
export const turnsAttribute = "switchTurns";
const turnsOfTask = new WeakMap<Task, number>();

export function noteTurns(task: Task, item: Item): Task {
  const turns = item[turnsAttribute];
  if (typeof turns === "number") turnsOfTask.set(task, turns);
  return task;
}

export const turnsOf = (task: Task): number | undefined => turnsOfTask.get(task);
