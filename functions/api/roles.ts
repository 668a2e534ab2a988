// Who may do what? A member acts on its own tasks, a workspace admin on its workspace, a super admin on everything.

import type { Context } from "hono";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { ApiKey, Role } from "../core/table.ts";
import type { Task } from "../core/task.ts";
import type { OpenCloud } from "./api.ts";
import { authenticate } from "./auth.ts";

const ranks: Record<Role, number> = { member: 0, workspace_admin: 1, super_admin: 2 };

export const mayAct = (key: ApiKey, role: Role, workspace?: string): boolean =>
  ranks[key.role] >= ranks[role] &&
  (key.role === "super_admin" || workspace === undefined || key.workspace === workspace);

const say = (role: Role) => role.replace("_", " ");

/** Throws `forbidden`, naming what is needed. */
export function requireRole(key: ApiKey, role: Role, workspace?: string): void {
  if (mayAct(key, role, workspace)) return;
  const where = workspace === undefined ? "" : ` of workspace ${workspace}`;
  throw new DroverError(
    "forbidden",
    `This needs a ${say(role)}${where}, and ${key.keyId} is a ${say(key.role)} of workspace ${key.workspace}.`,
  );
}

/** The key's own workspace, or the one that a super admin asks for; throws `forbidden`. */
export function chooseWorkspace(key: ApiKey, asked: string | undefined): string {
  if (asked !== undefined && asked !== key.workspace) requireRole(key, "super_admin");
  return asked ?? key.workspace;
}

/** "Own" goes by the principal, which outlives the key that made the task. */
export function requireOwn(key: ApiKey, task: Task): void {
  if (task.owner === key.principal || mayAct(key, "workspace_admin", task.workspace)) return;
  throw new DroverError(
    "forbidden",
    `${task.taskId} belongs to somebody else. Its owner or an admin of ${task.workspace} may do this.`,
  );
}

/** For the routes about a workspace that only its admins may use. */
export async function openForAdmin(
  openCloud: OpenCloud,
  context: Context,
  workspace: string,
): Promise<{ cloud: Cloud; admin: ApiKey }> {
  const cloud = await openCloud();
  const admin = await authenticate(cloud, context);
  requireRole(admin, "workspace_admin", workspace);
  return { cloud, admin };
}
