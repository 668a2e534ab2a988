// What is the same about the inputs of many routes?
import { z } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { DroverError } from "../core/errors.ts";
import { resourceName } from "../core/requests.ts";

export const tasks = "/api/orchestrator/tasks";
export const json = <T extends z.ZodType>(schema: T) => ({ "application/json": { schema } });

export const taskParams = z.object({ taskId: z.string().openapi({ example: "tsk_01K0000000000000000000000A" }) });

/** For a super admin: another workspace than the key's own. */
export const ofWorkspace = { workspace: resourceName.optional() };

/** Where a task is asked for: the same key with the same body is the same task. */
export const idempotencyHeaders = z.object({ "idempotency-key": z.string().min(1).max(200).optional() });

/** Without this a body of another type would count as absent, and the error would speak of missing fields. */
export async function requireJson(context: Context, next: Next): Promise<void> {
  const type = context.req.header("content-type") ?? "";
  if (hasBody(context) && !/^application\/([a-z.-]+\+)?json\b/i.test(type)) {
    throw new DroverError("unsupported_media_type", "Send the body as JSON, with content-type: application/json.");
  }
  await next();
}

/** Some requests have none, such as a DELETE: then there is nothing to be of a type. */
function hasBody({ req }: Context): boolean {
  if (req.method === "GET") return false;
  const isSent = req.header("content-type") !== undefined || req.header("transfer-encoding") !== undefined;
  return isSent || Number(req.header("content-length") ?? 0) > 0;
}
