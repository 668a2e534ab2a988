// Who tried what, and may not or came too late? A refused act stands in the audit log as one that was made does.
import type { Context, Next } from "hono";
import { DroverError, statusOfCode } from "../core/errors.ts";
import { killRequest } from "../core/requests.ts";
import { recordAct } from "../flows/record-act.ts";
import type { OpenCloud } from "./api.ts";
import { callerOf } from "./auth.ts";

/** What stops, releases, or changes who and what may do something. Reading, and asking for tasks, is no act. */
const acts =
  /\/(kill|kill-all|cancel|emergency-stop|release|pause|resume|(forbid|allow)-yolo)$|\/(backends|credentials|keys|webhooks|sources|schedules)(\/|$)/;
const refused: readonly number[] = [403, 409];

/** In the chain of the caller's own workspace: it is there, whatever workspaces a request may name. */
export function recordRefusals(openCloud: OpenCloud) {
  return async (context: Context, next: Next): Promise<void> => {
    await next();
    const { error } = context;
    const { method, path } = context.req;
    const caller = callerOf(context);
    if (!(error instanceof DroverError) || !caller || method === "GET" || !acts.test(path)) return;
    if (!refused.includes(statusOfCode[error.code])) return;
    const data = { method, path, code: error.code, ...(await readReason(context)) };
    try {
      const chain = `workspace:${caller.workspace}`;
      await recordAct(await openCloud(), chain, caller.keyId, () => ({ type: "act_refused", data, writes: [] }));
    } catch (cause) {
      // It stays refused, and its caller is told why.
      console.error(`the refusal of ${method} ${path} to ${caller.keyId} is not in the audit log`, cause);
    }
  };
}

/** Nothing else of a body: it may hold a secret. */
async function readReason({ req }: Context): Promise<{ reason?: string }> {
  const parsed = killRequest.safeParse(await req.json().catch(() => undefined)); // Not all acts have a body.
  return parsed.success ? { reason: parsed.data.reason.trim() } : {};
}
