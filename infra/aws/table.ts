// The one table, as its definition has it: the same that the local stack reads.
import { tableDefinition } from "../../functions/aws/table-definition.ts";

type KeySchema = typeof tableDefinition.KeySchema;

export function createTable({ keep }: { keep: boolean }): sst.aws.Dynamo {
  const { AttributeDefinitions = [], GlobalSecondaryIndexes = [], KeySchema } = tableDefinition;
  return new sst.aws.Dynamo("Table", {
    fields: Object.fromEntries(AttributeDefinitions.map(({ AttributeName }) => [AttributeName, "string" as const])),
    primaryIndex: keysOf(KeySchema),
    globalIndexes: Object.fromEntries(
      GlobalSecondaryIndexes.map((index) => [
        index.IndexName,
        { ...keysOf(index.KeySchema), projection: "keys-only" as const },
      ]),
    ),
    ttl: "expiresAt",
    deletionProtection: keep,
  });
}

function keysOf(schema: KeySchema) {
  const nameOf = (type: "HASH" | "RANGE") => schema?.find(({ KeyType }) => KeyType === type)?.AttributeName ?? "";
  return { hashKey: nameOf("HASH"), rangeKey: nameOf("RANGE") };
}
