// Which errors does drover show, and under which HTTP status?

/** The one table: every code with its HTTP status. A code that is not here cannot be thrown. */
export const statusOfCode = {
  invalid_request: 400,
  invalid_api_key: 401,
  invalid_signature: 401,
  forbidden: 403,
  token_of_another_task: 403,
  task_not_found: 404,
  route_not_found: 404,
  api_key_not_found: 404,
  operation_not_found: 404,
  artifact_not_found: 404,
  webhook_not_found: 404,
  delivery_not_found: 404,
  backend_not_found: 404,
  source_not_found: 404,
  schedule_not_found: 404,
  no_such_credential: 404,
  concurrent_update: 409,
  stale_version: 409,
  task_ended: 409,
  task_stopped: 409,
  illegal_transition: 409,
  agent_is_deaf: 409,
  attempt_superseded: 409,
  name_taken: 409,
  backend_exists: 409,
  backend_name_taken: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  repository_invalid: 422,
  repository_not_found: 422,
  repository_auth_refused: 422,
  repository_empty: 422,
  repository_unreachable: 422,
  branch_not_found: 422,
  credential_not_found: 422,
  credential_not_for_repository: 422,
  model_unknown: 422,
  work_too_large: 422,
  budget_too_small: 422,
  yolo_forbidden: 403,
  isolation_unavailable: 422,
  pull_request_impossible: 422,
  webhook_url_refused: 422,
  too_many_webhooks: 422,
  too_many_sources: 422,
  too_many_schedules: 422,
  payload_invalid: 422,
  backend_unknown: 422,
  backend_revoked: 422,
  backend_not_declared: 422,
  internal_error: 500,
  queue_full: 429,
  rate_limited: 429,
  busy: 503,
  admission_stopped: 503,
  backend_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof statusOfCode;

/** An error that its reader can act on. Anything else that is thrown answers 500 without its text. */
export class DroverError extends Error {
  readonly code: ErrorCode;
  /** Facts for programs, as members of the problem document: `currentVersion`, `status`, `errors`. */
  readonly details: Record<string, unknown>;
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, { cause: options.cause });
    this.name = "DroverError";
    this.code = code;
    this.details = options.details ?? {};
  }
}

export const hasCode = (error: unknown, code: ErrorCode): error is DroverError =>
  error instanceof DroverError && error.code === code;

/** The table did not let a change through in time. In doubt, an answer to a write of it was lost. */
export function busy(sentence: string, isInDoubt: boolean): DroverError {
  const outcome = isInDoubt ? "it does not say whether the last try was written" : "nothing was changed";
  return new DroverError("busy", `${sentence}; ${outcome}. Send the request again.`);
}

export const problemTypeOf = (code: ErrorCode): string => `urn:drover:problem:${code}`;

/** The code of a problem document of drover's; undefined of what anything else on the way has answered. */
export function readProblemCode(text: string): ErrorCode | undefined {
  try {
    const { type, code } = JSON.parse(text) as { type?: unknown; code?: unknown };
    const known = Object.keys(statusOfCode).find((one): one is ErrorCode => one === code);
    return known !== undefined && type === problemTypeOf(known) ? known : undefined;
  } catch {
    // Not JSON, or no object: the page of a proxy, say.
    return undefined;
  }
}

/** Closes a switch over a union: a new member is then a type error, not a forgotten case. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
