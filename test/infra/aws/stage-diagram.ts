// What runs on AWS, and who starts whom? A diagram of a stage, from its resources.

import { type Graph, ofType } from "../../../scripts/synth/graph.ts";
import { statementsOf } from "./rights-table.ts";

const idOf = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
const named = (arn: string, ending: string) => new RegExp(`-([A-Za-z]+)${ending}-`).exec(arn)?.[1] ?? "";

/** By the rights, whom each function may wake, start or stop; by the sources, who is called by what. */
function arrowsOf(graph: Graph): string[] {
  const arrows = new Map<string, Set<string>>();
  const draw = (from: string, to: string, label = "") => {
    const arrow = `${idOf(from)} --> ${idOf(to)}`;
    arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(label));
  };
  for (const { inputs } of ofType(graph, "pulumi-nodejs:dynamic:Resource", /^FrontRoute.*KvKeys$/)) {
    draw("front", String(/"host":"([a-z]+)url\./.exec(inputs.entries.metadata)?.[1]));
  }
  for (const { inputs } of ofType(graph, "aws:lambda/eventSourceMapping:EventSourceMapping")) {
    draw(named(inputs.eventSourceArn, "Queue"), named(inputs.functionName, "Function"));
  }
  for (const { inputs } of ofType(graph, "aws:scheduler/schedule:Schedule")) {
    draw("schedule", named(inputs.target.arn, "Function"), inputs.scheduleExpression);
  }
  for (const { inputs } of ofType(graph, "aws:cloudwatch/eventTarget:EventTarget", /^SandboxStopped/)) {
    draw("sandboxes", named(inputs.arn, "Function"), "stopped");
  }
  for (const role of ofType(graph, "aws:iam/role:Role")) {
    const who = role.name.replace(/Role$/, "");
    for (const { Action, Resource } of statementsOf(role)) {
      for (const arn of Resource) {
        if (Action.includes("sqs:SendMessage")) draw(who, named(arn, "Queue"));
        if (Action.includes("events:PutEvents") && who === "Notify") draw(who, "outcomes");
        if (Action.includes("ecs:RunTask")) draw(who, "sandboxes", "start");
        if (Action.includes("ecs:StopTask")) draw(who, "sandboxes", "stop");
      }
    }
  }
  for (const { name, inputs } of ofType(graph, "aws:sqs/queue:Queue")) {
    if (inputs.redrivePolicy) draw(name.replace(/Queue$/, ""), name.replace(/Queue$/, "Dead"), "given up");
  }
  return [...arrows].map(([arrow, labels]) => {
    const label = [...labels].filter(Boolean).join(", ");
    return `  ${label ? arrow.replace("-->", `-- "${label}" -->`) : arrow}`;
  });
}

export function drawStage(graph: Graph): string {
  const functions = ofType(graph, "aws:lambda/function:Function").map(({ name }) =>
    idOf(name.replace(/Function$/, "")),
  );
  const queues = ofType(graph, "aws:sqs/queue:Queue").map(({ name }) => idOf(name.replace(/Queue$/, "")));
  return [
    "flowchart LR",
    "  front([CloudFront: dashboard and API])",
    "  schedule([schedule])",
    ...functions.map((name) => `  ${name}[${name}]`),
    ...queues.map((name) => `  ${name}[[${name}]]`),
    "  sandboxes{{sandboxes on Fargate}}",
    ...(ofType(graph, "aws:cloudwatch/eventBus:EventBus").length > 0 ? ["  outcomes[[outcomes]]"] : []),
    "  person([whoever kills]) --> kill",
    '  sandboxes -- "callbacks" --> api',
    ...arrowsOf(graph).sort(),
  ].join("\n");
}
