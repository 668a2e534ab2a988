// How does an error look to a caller? As an RFC 9457 problem document that says what to do next.
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { DroverError, type ErrorCode, problemTypeOf, statusOfCode } from "../core/errors.ts";

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
