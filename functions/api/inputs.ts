// What is the same about the inputs of many routes?
import * as z from "zod";
import { resourceName } from "../core/requests.ts";

export const tasks = "/api/orchestrator/tasks";
export const json = <T extends z.ZodType>(schema: T) => ({ "application/json": { schema } });

export const taskParams = z.object({ taskId: z.string().meta({ example: "tsk_01K0000000000000000000000A" }) });

/** For a super admin: another workspace than the key's own. */
export const ofWorkspace = { workspace: resourceName.optional() };

/** The same, or all workspaces together. */
export const ofWorkspaces = { ...ofWorkspace, everything: z.enum(["true", "false"]).default("false") };

/** Where a task is asked for: the same key with the same body is the same task. */
export const idempotencyHeaders = z.object({ "idempotency-key": z.string().min(1).max(200).optional() });
