// What must the table, the queues and the bucket be like?
import { expect } from "vitest";
import { tableDefinition } from "../../../../functions/aws/table-definition.ts";
import { one } from "../synth/graph.ts";
import type { Rule } from "./rule.ts";

const table = "aws:dynamodb/table:Table";

export const storageRules: Rule[] = [
  {
    rule: "the table has the keys and indexes of its one definition",
    check: (graph) => {
      const { inputs } = one(graph, table);
      const { KeySchema = [], GlobalSecondaryIndexes = [] } = tableDefinition;
      expect([inputs.hashKey, inputs.rangeKey]).toEqual(KeySchema.map(({ AttributeName }) => AttributeName));
      const indexes = inputs.globalSecondaryIndexes.map((index: Record<string, string>) => [
        index.name,
        index.hashKey,
        index.rangeKey,
        index.projectionType,
      ]);
      expect(indexes).toEqual(
        GlobalSecondaryIndexes.map((index) => [
          index.IndexName,
          ...(index.KeySchema ?? []).map(({ AttributeName }) => AttributeName),
          index.Projection?.ProjectionType,
        ]),
      );
    },
    breakIt: (graph) => {
      one(graph, table).inputs.globalSecondaryIndexes[0].projectionType = "ALL";
    },
  },
];
