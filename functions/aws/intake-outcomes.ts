// What became of each message of the intake queue? One item, which nobody writes a second time.
import { PutItemCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { IntakeOutcome } from "../core/intake.ts";
import { type Dynamo, getItem, isConditionFailure, mustNotExist, put, toItem } from "./dynamo.ts";
import { intakeOutcomeKey } from "./keys.ts";

const itemOf = (outcome: IntakeOutcome) => ({
  ...intakeOutcomeKey(outcome.workspace, outcome.messageId),
  ...outcome,
});

/** Together with what it says: the task of an accepted message, the act of a refused one. */
export const writeIntakeOutcome = (dynamo: Dynamo, outcome: IntakeOutcome): TransactWriteItem =>
  put(dynamo, itemOf(outcome), mustNotExist);

export async function addIntakeOutcome(dynamo: Dynamo, outcome: IntakeOutcome): Promise<"added" | "exists"> {
  const put = { TableName: dynamo.tableName, Item: toItem(itemOf(outcome)), ...mustNotExist };
  try {
    await dynamo.client.send(new PutItemCommand(put));
    return "added";
  } catch (error) {
    if (isConditionFailure(error)) return "exists";
    throw error;
  }
}

export async function getIntakeOutcome(
  dynamo: Dynamo,
  workspace: string,
  messageId: string,
): Promise<IntakeOutcome | undefined> {
  const item = await getItem(dynamo, intakeOutcomeKey(workspace, messageId));
  if (!item) return undefined;
  const { pk: _pk, sk: _sk, ...outcome } = item;
  return outcome as unknown as IntakeOutcome;
}
