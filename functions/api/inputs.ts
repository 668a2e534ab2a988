// What is the same about the inputs of many routes?
import { z } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { DroverError } from "../core/errors.ts";

export const taskParams = z.object({ taskId: z.string().openapi({ example: "tsk_01K0000000000000000000000A" }) });

/** Without this a body of another type would count as absent, and the error would speak of missing fields. */
export async function requireJson(context: Context, next: Next): Promise<void> {
  const type = context.req.header("content-type") ?? "";
  if (context.req.method !== "GET" && !/^application\/([a-z.-]+\+)?json\b/i.test(type)) {
    throw new DroverError("unsupported_media_type", "Send the body as JSON, with content-type: application/json.");
  }
  await next();
}
