// How does an error look to a caller? As an RFC 9457 problem document that says what to do next.
import type { Hook } from "@hono/zod-openapi";
import type { Context, Env } from "hono";
import { HTTPException } from "hono/http-exception";
import * as z from "zod";
import { DroverError, type ErrorCode, problemTypeOf, statusOfCode } from "../core/errors.ts";

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

/** Unknown errors are logged whole and answered without their text: it may hold anything. */
export function answerProblem(error: Error, context: Context): Response {
  if (error instanceof DroverError) return respond(context, error);
  if (error instanceof HTTPException && error.status < 500) {
    return respond(context, new DroverError("invalid_request", error.message || "The request could not be read."));
  }
  console.error(`${context.req.method} ${context.req.path} failed`, error);
  return respond(
    context,
    new DroverError("internal_error", "drover failed to answer; its log has the cause. The request may be sent again."),
  );
}

function respond(context: Context, error: DroverError): Response {
  const status = statusOfCode[error.code];
  const problem = {
    ...error.details,
    type: problemTypeOf(error.code),
    title: titleOf(error.code),
    status,
    detail: error.message,
    code: error.code,
    instance: context.req.path,
  };
  // The rest of a body that was too large is not read, so the connection cannot carry another request.
  if (error.code === "body_too_large") context.header("connection", "close");
  if (typeof error.details.retryAfterSeconds === "number") {
    context.header("retry-after", String(error.details.retryAfterSeconds));
  }
  return context.body(JSON.stringify(problem), status, { "content-type": "application/problem+json" });
}

const titleOf = (code: ErrorCode) => code.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

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
