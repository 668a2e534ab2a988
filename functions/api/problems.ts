// In which form are errors described, and what is said of a request that is not valid?
import type { Hook } from "@hono/zod-openapi";
import type { Env } from "hono";
import * as z from "zod";
import { DroverError } from "../core/errors.ts";

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
  })
  .meta({ id: "Problem" });

export const problemResponse = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

/** The validator's hook: names every field that is wrong, and what would be right. */
export const refuseInvalid: Hook<unknown, Env, string, unknown> = (result) => {
  if (result.success) return;
  const errors = result.error.issues.map((issue) => ({
    field: issue.path.join(".") || "(body)",
    message: sayIn(issue),
  }));
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new DroverError("invalid_request", `The request was not accepted. ${detail}`, { details: { errors } });
};

function sayIn(issue: { code?: string | undefined; message: string }): string {
  const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return isMissing ? "is missing" : issue.message;
}
