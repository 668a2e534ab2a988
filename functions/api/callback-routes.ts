// What may a supervisor tell the control plane? A few verbs, each fenced by its attempt token.
import type { Context } from "hono";
import type { z } from "zod";
import {
  beatMessage,
  completeMessage,
  conflictMessage,
  failMessage,
  messagesMessage,
  permitMessage,
  rejectMessage,
  type StartAnswer,
  workDoneMessage,
} from "../core/callbacks.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { Caller } from "../flows/call-back.ts";
import {
  completeAttempt,
  failAttempt,
  grantPermit,
  rejectWork,
  reportConflict,
  reportWork,
} from "../flows/finish-work.ts";
import { recordBeat } from "../flows/record-beat.ts";
import { readMessages } from "../flows/send-message.ts";
import { startAttempt } from "../flows/start-attempt.ts";
import type { Api, OpenCloud } from "./api.ts";

/** Not part of the public document: only our own supervisor calls these, with the shapes of `core/callbacks.ts`. */
export function addCallbackRoutes(app: Api, openCloud: OpenCloud): void {
  const verb = (name: string, act: (cloud: Cloud, caller: Caller, context: Context) => Promise<object>) =>
    app.post(`/api/orchestrator/attempts/:agentId/${name}`, async (context) => {
      const caller = { agentId: context.req.param("agentId"), token: context.req.header("x-drover-token") ?? "" };
      return context.json(await act(await openCloud(), caller, context));
    });

  verb("start", (cloud, caller): Promise<StartAnswer> => startAttempt(cloud, caller));
  verb("beat", async (cloud, caller, context) => {
    return { status: "running", ...(await recordBeat(cloud, caller, await read(context, beatMessage))) };
  });
  verb("messages", async (cloud, caller, context) => ({
    messages: await readMessages(cloud, caller, (await read(context, messagesMessage)).after),
  }));
  verb("work-done", async (cloud, caller, context) =>
    statusOf(await reportWork(cloud, caller, await read(context, workDoneMessage))),
  );
  verb("permit", async (cloud, caller, context) => grantPermit(cloud, caller, await read(context, permitMessage)));
  verb("rejected", async (cloud, caller, context) =>
    statusOf(await rejectWork(cloud, caller, await read(context, rejectMessage))),
  );
  verb("conflicted", async (cloud, caller, context) =>
    statusOf(await reportConflict(cloud, caller, await read(context, conflictMessage))),
  );
  verb("complete", async (cloud, caller, context) =>
    statusOf(await completeAttempt(cloud, caller, await read(context, completeMessage))),
  );
  verb("fail", async (cloud, caller, context) =>
    statusOf(await failAttempt(cloud, caller, await read(context, failMessage))),
  );
}

const statusOf = ({ status }: { status: string }) => ({ status });

async function read<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const parsed = schema.safeParse(await readJson(context));
  if (parsed.success) return parsed.data;
  throw new DroverError("invalid_request", `The callback was not accepted: ${parsed.error.issues[0]?.message}`);
}

async function readJson({ req }: Context): Promise<unknown> {
  try {
    return await req.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DroverError("invalid_request", "The callback was not accepted: its body is not JSON.");
  }
}
