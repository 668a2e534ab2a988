// What must the table look like? Read by the local stack; `infra/aws` declares the same.
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { indexes } from "./keys.ts";

const attributes = ["pk", "sk", ...Object.values(indexes).flatMap(({ pk, sk }) => [pk, sk])];

const keySchema = ({ pk, sk }: { pk: string; sk: string }) => [
  { AttributeName: pk, KeyType: "HASH" as const },
  { AttributeName: sk, KeyType: "RANGE" as const },
];

export const tableDefinition: Omit<CreateTableCommandInput, "TableName"> = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
  KeySchema: keySchema({ pk: "pk", sk: "sk" }),
  GlobalSecondaryIndexes: Object.values(indexes).map((index) => ({
    IndexName: index.name,
    KeySchema: keySchema(index),
    Projection: { ProjectionType: "KEYS_ONLY" },
  })),
};
