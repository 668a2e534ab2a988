// How are switches read?
import { BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import { formatScope, type Scope, type Switch, type Switches, scopesOf, untouched } from "../core/switches.ts";
import type { Task } from "../core/task.ts";
import { type Dynamo, fromItem, type Item, toItem } from "./dynamo.ts";
import { switchKey } from "./keys.ts";

/** Strongly, in one request. Whoever acts on the answer has it checked again by the write it leads to. */
export async function getSwitches(dynamo: Dynamo, task: Pick<Task, "workspace" | "backend">): Promise<Switches> {
  const scopes = scopesOf(task);
  const found = new Map<string, Item>();
  let Keys = Object.values(scopes).map((scope) => toItem(switchKey(scope)));
  // A busy table answers a part. What was not read is not an untouched switch; each round makes progress or throws.
  while (Keys.length > 0) {
    const answer = await dynamo.client.send(
      new BatchGetItemCommand({ RequestItems: { [dynamo.tableName]: { Keys, ConsistentRead: true } } }),
    );
    for (const item of answer.Responses?.[dynamo.tableName] ?? []) {
      const one = fromItem(item);
      found.set(String(one.scope), one);
    }
    Keys = answer.UnprocessedKeys?.[dynamo.tableName]?.Keys ?? [];
  }
  const read = (scope: Scope): Switch => {
    const { pk: _pk, sk: _sk, ...item } = found.get(formatScope(scope)) ?? {};
    return { ...untouched(scope), ...item };
  };
  return { global: read(scopes.global), workspace: read(scopes.workspace), backend: read(scopes.backend) };
}
