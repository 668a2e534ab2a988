// A task request came through the queue: is it a task now, refused for good, or to be tried again?
import { createHash } from "node:crypto";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import {
  type Intake,
  type IntakeMessage,
  type IntakeRequest,
  intakeDelaySeconds,
  isWorthRetrying,
  parseIntake,
  toReason,
} from "../core/intake.ts";
import { recordAct } from "./record-act.ts";
import { submitTask } from "./submit-task.ts";

export type TakenIn =
  | { kind: "accepted"; taskId: TaskId; repeated: boolean }
  | { kind: "refused"; reason: string }
  | { kind: "later"; reason: string };

const by = "system:intake";
/** As long as a queue keeps a message at most: a repetition that lay in it is known all that time. */
const idempotencyLifeMs = 14 * 24 * 60 * 60 * 1000;

/** `accepted` and `refused` messages are done with. Throws when a refusal could not be written; it is then repeated. */
export async function takeIn(cloud: Cloud, intake: Intake, message: IntakeMessage): Promise<TakenIn> {
  if (message.receives > 1) {
    const refusal = await cloud.table.getIntakeRefusal(intake.workspace, message.messageId);
    // What kept it from being a task may be gone. It may lie dead as well: only that nobody has heard of.
    if (refusal) return bury(intake, message, refusal.reason);
  }
  const parsed = parseIntake(message.body);
  if (parsed.kind === "bad") return refuse(cloud, intake, message, parsed.reason);
  try {
    return { kind: "accepted", ...(await submit(cloud, intake, parsed.request)) };
  } catch (error) {
    const known = error instanceof DroverError;
    if (!known) console.error(`intake message ${message.messageId} failed`, error);
    // What is not ours to show stays in the log.
    const reason = known ? `${error.code}: ${error.message}` : "drover failed to take it; its log has the cause";
    const isTransient = !known || isWorthRetrying(error.code);
    if (!isTransient) return refuse(cloud, intake, message, reason);
    if (message.receives >= intake.maxReceives) {
      return refuse(cloud, intake, message, `given up after ${message.receives} tries. ${reason}`);
    }
    await postpone(cloud, intake, message);
    return { kind: "later", reason };
  }
}

/** Who asks is what the queue is bound to, with a member's rights. The keys of the API are other keys than these. */
function submit(cloud: Cloud, { workspace, principal }: Intake, { idempotencyKey, ...request }: IntakeRequest) {
  return submitTask(cloud, {
    principal: { keyId: by, principal, workspace },
    request,
    idempotencyKey: `intake:${idempotencyKey}`,
    idempotencyLifeMs,
  });
}

/** First the act, so that nothing lies dead without one. A message that could not be buried then comes again. */
async function refuse(cloud: Cloud, intake: Intake, message: IntakeMessage, text: string): Promise<TakenIn> {
  const reason = toReason(text);
  const { workspace } = intake;
  const { messageId, body } = message;
  const bodyHash = createHash("sha256").update(body).digest("hex");
  const expiresAt = Math.ceil((cloud.clock.now() + idempotencyLifeMs) / 1000);
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    // A queue may deliver one message to two at once.
    if (await cloud.table.getIntakeRefusal(workspace, messageId)) return undefined;
    const refusal = { workspace, messageId, reason, expiresAt };
    return {
      type: "intake_refused",
      data: { messageId, reason, bodyHash },
      writes: [{ kind: "intake_refusal", refusal }],
    };
  });
  return bury(intake, message, reason);
}

async function bury(intake: Intake, message: IntakeMessage, reason: string): Promise<TakenIn> {
  await intake.bury(message, reason);
  return { kind: "refused", reason };
}

async function postpone(cloud: Cloud, intake: Intake, message: IntakeMessage): Promise<void> {
  try {
    await intake.postpone(message, intakeDelaySeconds(message.receives, cloud.ids.random()));
  } catch (error) {
    // It comes back all the same, after the queue's own visibility timeout.
    console.warn(`intake message ${message.messageId} was not postponed`, error);
  }
}
