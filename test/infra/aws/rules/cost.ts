// What may a stage cost while nobody uses it?
import { expect } from "vitest";
import { priceIdle } from "../../../../scripts/cost/idle.ts";
import { totalOf } from "../../../../scripts/cost/price-counts.ts";
import { readStanding } from "../../../../scripts/cost/standing.ts";
import type { Graph } from "../../../../scripts/synth/graph.ts";
import type { Rule } from "./rule.ts";

/** As `npm run cost` counts it: the reaper asks the table fifteen times, finds nothing, and writes that its backend is there. */
const round = new Map([
  ["dynamodb Query", { requests: 15, writeUnits: 0, readUnits: 10, ms: 0 }],
  ["dynamodb PutItem backends", { requests: 1, writeUnits: 1, readUnits: 0, ms: 0 }],
  ["lambda reaper", { requests: 1, writeUnits: 0, readUnits: 0, ms: 0 }],
]);
const idleOf = (graph: Graph) => totalOf(priceIdle(round, readStanding(graph)));
const natGateway = { type: "aws:ec2/natGateway:NatGateway", name: "Nat", inputs: {}, secrets: [], options: {} };

export const openCostRules: Rule[] = [
  {
    rule: "idle it costs at most a dollar a month, alarms and dashboard apart",
    check: (graph) => expect(idleOf(graph)).toBeLessThanOrEqual(1),
    breakIt: (graph) => {
      const mapping = graph.resources.find(({ type }) => type === "aws:lambda/eventSourceMapping:EventSourceMapping");
      if (mapping) graph.resources.push(structuredClone(mapping));
    },
  },
];

export const walledCostRules: Rule[] = [
  {
    rule: "idle it costs at most fifteen dollars a month, behind its filter",
    check: (graph) => expect(idleOf(graph)).toBeLessThanOrEqual(15),
    breakIt: (graph) => void graph.resources.push(natGateway),
  },
  {
    rule: "no NAT gateway and no interface endpoint stands in it",
    check: (graph) =>
      expect(Object.keys(readStanding(graph).always)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/NAT|interface/)]),
      ),
    breakIt: (graph) => void graph.resources.push(natGateway),
  },
];
