// How are sources of tasks kept? Each under its own id, which is all that a delivery names, and by name in its workspace.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { Source, SourceId } from "../core/sources.ts";
import { type Dynamo, getItem, put, queryItems, toItem } from "./dynamo.ts";
import { sourceKey, workspaceSourceKey } from "./keys.ts";
import { stripKeys } from "./tasks.ts";

export async function getSource(dynamo: Dynamo, sourceId: SourceId): Promise<Source | undefined> {
  const item = await getItem(dynamo, sourceKey(sourceId));
  return item && stripKeys<Source>(item);
}

export async function listSources(dynamo: Dynamo, workspace: string): Promise<Source[]> {
  const names = await queryItems(dynamo, {
    KeyConditionExpression: "pk = :sources",
    ExpressionAttributeValues: toItem({ ":sources": workspaceSourceKey(workspace, "").pk }),
    ConsistentRead: true,
  });
  const sources = await Promise.all(names.map(({ sk }) => getSource(dynamo, sk as SourceId)));
  return sources.filter((source) => source !== undefined);
}

export const writeSource = (dynamo: Dynamo, source: Source): TransactWriteItem[] => [
  put(dynamo, { ...sourceKey(source.sourceId), ...source }),
  put(dynamo, workspaceSourceKey(source.workspace, source.sourceId)),
];

export const deleteSource = (dynamo: Dynamo, workspace: string, sourceId: SourceId): TransactWriteItem[] =>
  [sourceKey(sourceId), workspaceSourceKey(workspace, sourceId)].map((key) => ({
    Delete: { TableName: dynamo.tableName, Key: toItem(key) },
  }));
