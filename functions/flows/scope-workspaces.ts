// Which workspaces does a scope reach, and how many tasks are in them?
import type { Cloud } from "../core/cloud.ts";
import type { Operation } from "../core/operations.ts";
import type { Scope } from "../core/switches.ts";

const namesAtOnce = 50;

type Names = Pick<Operation, "workspaces" | "moreBehind">;

export const namesOf = (scope: Scope): Names =>
  scope.kind === "workspace" ? { workspaces: [scope.name] } : { workspaces: [], moreBehind: "" };

/** A page of names when there is none: all of them may be more than an item holds. */
export async function nameMore<T extends Names>(cloud: Cloud, at: T): Promise<T> {
  if (at.workspaces.length > 0 || at.moreBehind === undefined) return at;
  const workspaces = await cloud.table.listWorkspaces(at.moreBehind, namesAtOnce);
  return { ...at, workspaces, moreBehind: workspaces.length < namesAtOnce ? undefined : workspaces.at(-1) };
}

/** Undefined when it is not done at `until`. */
export async function countIn(cloud: Cloud, scope: Scope, until: number) {
  const sum = { active: 0, killed: 0 };
  let at = await nameMore(cloud, namesOf(scope));
  while (at.workspaces.length > 0) {
    if (cloud.clock.now() >= until) return undefined;
    const counts = await Promise.all(at.workspaces.map((workspace) => cloud.table.countTasks(workspace)));
    for (const { active, killed } of counts) {
      sum.active += active;
      sum.killed += killed;
    }
    at = await nameMore(cloud, { ...at, workspaces: [] });
  }
  return sum;
}
