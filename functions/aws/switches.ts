// How are switches read?
import { formatScope, type Scope, type Switch, type Switches, scopesOf, untouched } from "../core/switches.ts";
import type { Task } from "../core/task.ts";
import { type Dynamo, getItems } from "./dynamo.ts";
import { switchKey } from "./keys.ts";

/** Strongly, in one request. Whoever acts on the answer has it checked again by the write it leads to. */
export async function getSwitches(dynamo: Dynamo, task: Pick<Task, "workspace" | "backend">): Promise<Switches> {
  const scopes = scopesOf(task);
  const items = await getItems(dynamo, Object.values(scopes).map(switchKey));
  const found = new Map(items.map((item) => [item.scope, item]));
  const read = (scope: Scope): Switch => {
    const { pk: _pk, sk: _sk, ...item } = found.get(formatScope(scope)) ?? {};
    return { ...untouched(scope), ...item };
  };
  return { global: read(scopes.global), workspace: read(scopes.workspace), backend: read(scopes.backend) };
}
