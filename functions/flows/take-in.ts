// A task request came through the queue: is it a task now, refused for good, or to be tried again?
import { createHash } from "node:crypto";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import {
  type Intake,
  type IntakeMessage,
  type IntakeOutcome,
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

/**
 * `accepted` and `refused` messages are done with. Throws when a refusal could not be written; it is then repeated.
 *
 * A queue may deliver one message to two at once, and what one of them is refused for may be over for the other. Both
 * write what they have decided on condition that nobody has yet; whoever comes second answers what stands.
 */
export async function takeIn(cloud: Cloud, intake: Intake, message: IntakeMessage): Promise<TakenIn> {
  const parsed = parseIntake(message.body);
  if (parsed.kind === "bad") return refuse(cloud, intake, message, parsed.reason);
  try {
    return await accept(cloud, intake, message, parsed.request);
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
async function accept(
  cloud: Cloud,
  intake: Intake,
  message: IntakeMessage,
  { idempotencyKey, ...request }: IntakeRequest,
): Promise<TakenIn> {
  const { workspace, principal } = intake;
  const { messageId } = message;
  const { taskId, repeated } = await submitTask(cloud, {
    principal: { keyId: by, principal, workspace },
    request,
    idempotencyKey: `intake:${idempotencyKey}`,
    idempotencyLifeMs,
    messageId,
  });
  if (!repeated) return { kind: "accepted", taskId, repeated };
  // Another message, or this one before, has made the task, so its outcome was not written with it now.
  return settle(cloud, intake, message, { ...outcomeOf(cloud, intake, message), kind: "accepted", taskId });
}

async function settle(cloud: Cloud, intake: Intake, message: IntakeMessage, mine: IntakeOutcome): Promise<TakenIn> {
  const { table } = cloud;
  if ((await table.addIntakeOutcome(mine)) === "added") return answer(intake, message, mine);
  return answer(intake, message, (await table.getIntakeOutcome(intake.workspace, message.messageId)) ?? mine);
}

const outcomeOf = (cloud: Cloud, { workspace }: Intake, { messageId }: IntakeMessage) => ({
  ...{ workspace, messageId },
  expiresAt: Math.ceil((cloud.clock.now() + idempotencyLifeMs) / 1000),
});

/** First the act, so that nothing lies dead without one. A message that could not be buried then comes again. */
async function refuse(cloud: Cloud, intake: Intake, message: IntakeMessage, text: string): Promise<TakenIn> {
  const reason = toReason(text);
  const { workspace } = intake;
  const { messageId, body } = message;
  const bodyHash = createHash("sha256").update(body).digest("hex");
  const mine: IntakeOutcome = { ...outcomeOf(cloud, intake, message), kind: "refused", reason };
  let stands: IntakeOutcome = mine;
  await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    const decided = await cloud.table.getIntakeOutcome(workspace, messageId);
    stands = decided ?? mine;
    if (decided) return undefined;
    return {
      type: "intake_refused",
      data: { messageId, reason, bodyHash },
      writes: [{ kind: "intake_outcome", outcome: mine }],
    };
  });
  return answer(intake, message, stands);
}

/** What was decided, whoever has; a refused one is put among the dead by each who meets it. */
async function answer(intake: Intake, message: IntakeMessage, decided: IntakeOutcome): Promise<TakenIn> {
  if (decided.kind === "accepted") return { kind: "accepted", taskId: decided.taskId, repeated: true };
  await intake.bury(message, decided.reason);
  return { kind: "refused", reason: decided.reason };
}

async function postpone(cloud: Cloud, intake: Intake, message: IntakeMessage): Promise<void> {
  try {
    await intake.postpone(message, intakeDelaySeconds(message.receives, cloud.ids.random()));
  } catch (error) {
    // It comes back all the same, after the queue's own visibility timeout.
    console.warn(`intake message ${message.messageId} was not postponed`, error);
  }
}
