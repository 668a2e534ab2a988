// What does a client of DynamoDB ask for, and how much is read for it? Seen by a middleware of the SDK's own.
import type { DynamoDBClient, QueryCommandInput, QueryCommandOutput } from "@aws-sdk/client-dynamodb";

export interface Reads {
  /** By the name of the command: `QueryCommand`. */
  requests: ReadonlyMap<string, number>;
  /** Entries of an index. */
  indexEntries: number;
  /** Items of the table. */
  items: number;
}

/** Answers how to take what was counted since the last time. */
export function countReads(client: DynamoDBClient): () => Reads {
  let requests = new Map<string, number>();
  let [indexEntries, items] = [0, 0];
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        const answer = await next(args);
        requests.set(commandName, (requests.get(commandName) ?? 0) + 1);
        if (commandName === "GetItemCommand") items += 1;
        if (commandName === "BatchGetItemCommand") items += countKeys(args.input);
        if (commandName === "QueryCommand" || commandName === "ScanCommand") {
          const { ScannedCount = 0 } = answer.output as Partial<QueryCommandOutput>;
          if ((args.input as Partial<QueryCommandInput>).IndexName) indexEntries += ScannedCount;
          else items += ScannedCount;
        }
        return answer;
      },
    { step: "initialize" },
  );
  return () => {
    const taken = { requests, indexEntries, items };
    requests = new Map();
    [indexEntries, items] = [0, 0];
    return taken;
  };
}

function countKeys(input: object): number {
  const { RequestItems = {} } = input as { RequestItems?: Record<string, { Keys?: unknown[] }> };
  return Object.values(RequestItems).reduce((sum, { Keys = [] }) => sum + Keys.length, 0);
}
