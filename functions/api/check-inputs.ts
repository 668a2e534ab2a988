// Is what a request holds as its route describes it? Looked at before the route's own handler is asked.
import type { RouteConfig } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler, Next, ValidationTargets } from "hono";
import { validator } from "hono/validator";
import type * as z from "zod";
import { DroverError } from "../core/errors.ts";

export function inputsOf({ query, params, headers, body }: RouteConfig["request"] = {}): MiddlewareHandler[] {
  const targets = { query, param: params, header: headers } as Record<keyof ValidationTargets, z.ZodType | undefined>;
  const checks = Object.entries(targets).flatMap(([target, schema]) =>
    schema ? [check(target as keyof ValidationTargets, schema)] : [],
  );
  if (!body) return checks;
  const { schema } = body.content["application/json"] as { schema: z.ZodType };
  const json = check("json", schema);
  return [requireJson, ...checks, body.required ? json : whereThereIsOne(json)];
}

const check = (target: keyof ValidationTargets, schema: z.ZodType): MiddlewareHandler =>
  validator(target, async (value) => {
    const parsed = await schema.safeParseAsync(value);
    if (!parsed.success) throw refusalOf(parsed.error.issues, target === "json" ? "(body)" : `(${target})`);
    return parsed.data;
  });

/** Without this a body of another type would count as absent, and the error would speak of missing fields. */
async function requireJson(context: Context, next: Next): Promise<void> {
  const type = context.req.header("content-type") ?? "";
  if (hasBody(context) && !/^application\/([a-z.-]+\+)?json\b/i.test(type)) {
    throw new DroverError("unsupported_media_type", "Send the body as JSON, with content-type: application/json.");
  }
  await next();
}

const whereThereIsOne =
  (json: MiddlewareHandler): MiddlewareHandler =>
  async (context, next) => {
    if (context.req.header("content-type")) return json(context, next);
    context.req.addValidatedData("json", {});
    await next();
  };

/** Some requests have none, such as a DELETE: then there is nothing to be of a type. */
function hasBody({ req }: Context): boolean {
  if (req.method === "GET") return false;
  const isSent = req.header("content-type") !== undefined || req.header("transfer-encoding") !== undefined;
  return isSent || Number(req.header("content-length") ?? 0) > 0;
}

/** Names every field that is wrong, and what would be right. */
function refusalOf(issues: readonly z.core.$ZodIssue[], whole: string): DroverError {
  const errors = issues.map((issue) => ({ field: issue.path.join(".") || whole, message: sayIn(issue) }));
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new DroverError("invalid_request", `The request was not accepted. ${detail}`, { details: { errors } });
}

function sayIn(issue: { code?: string | undefined; message: string }): string {
  const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return isMissing ? "is missing" : issue.message;
}
