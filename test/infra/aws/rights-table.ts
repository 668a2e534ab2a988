// Who may do what, as a table to read: every statement of every role, with names instead of ARNs.
import { type Graph, ofType, type Resource } from "../../../scripts/synth/graph.ts";

export interface Statement {
  Effect: "Allow" | "Deny";
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
}

export interface Row {
  who: string;
  on: string;
  isDenied: boolean;
  actions: string[];
  onlyIf: string;
}

export const statementsOf = ({ inputs }: Resource): Statement[] =>
  (inputs.inlinePolicies ?? []).flatMap(({ policy }: { policy: string }) => JSON.parse(policy).Statement);

/** Anything else stays as it is, and shows. */
const names: [RegExp, string][] = [
  [/:table\/[^/]+$/, "the table"],
  [/:table\/[^/]+\/index\/\*$/, "its indexes"],
  [/:sqs:.*-WakeUpsQueue-/, "wake-ups"],
  [/:sqs:.*-WakeUpsDeadQueue-/, "dead wake-ups"],
  [/:sqs:.*-NoticesQueue-/, "notices"],
  [/:sqs:.*-RequestsQueue-/, "intake"],
  [/:sqs:.*-RequestsDeadQueue-/, "dead intake"],
  [/:::[^/]+artifacts[^/]+$/, "the bucket"],
  [/:::[^/]+artifacts[^/]+\/tasks\/\*$/, "artifacts of tasks"],
  [/:::[^/]+artifacts[^/]+\/audit\/\*$/, "files of the audit log"],
  [/:parameter\/drover\/[^/]+\/(.+)$/, "parameter $1"],
  [/:ecs:.*:cluster\/.*$/, "the clusters"],
  [/:ecs:.*:task\/.*\/\*$/, "sandboxes"],
  [/:ecs:.*:task-definition\/.*:\*$/, "the sandbox's definition"],
  [/:role\/\w*ExecutionRole$/, "the execution role"],
  [/:function:.*-ReaperFunction-/, "the reaper"],
  [/:function:.*-DigestFunction-/, "the digest function"],
  [/:event-bus\/default$/, "the stage's default bus"],
  [/:event-bus\/drover-/, "the outcome bus"],
  [/:ecr:.*:repository\//, "the image's repository"],
  [/:log-group:.*:\*$/, "its log"],
];

function nameOf(arn: string): string {
  const [pattern, name = ""] = names.find(([one]) => one.test(arn)) ?? [];
  return pattern ? arn.replace(new RegExp(`^.*${pattern.source}.*$`), name) : arn;
}

const whoOf = ({ name }: Resource) => name.replace(/Role$/, "").replace(/^[A-Z]/, (letter) => letter.toLowerCase());

/** Clusters beside the first get the same rights as it has: they are one row. */
export function rightsIn(graph: Graph): Row[] {
  const rows = new Map<string, Row>();
  for (const role of ofType(graph, "aws:iam/role:Role")) {
    for (const { Effect, Action, Resource, Condition } of statementsOf(role)) {
      const who = whoOf(role)
        .replace(/^.*(ExecutionRole|Execution)$/, "execution role")
        .replace(/^.*Relay$/, "relay of a region");
      for (const resource of Resource) {
        const on = nameOf(resource);
        const onlyIf = describeCondition(Condition);
        const isDenied = Effect === "Deny";
        const key = [who, on, onlyIf, isDenied].join("\n");
        const known = rows.get(key)?.actions ?? [];
        rows.set(key, { who, on, onlyIf, isDenied, actions: [...new Set([...known, ...Action])].sort() });
      }
    }
  }
  return [...rows.values()].sort((a, b) => (`${a.who} ${a.on} ${a.onlyIf}` < `${b.who} ${b.on} ${b.onlyIf}` ? -1 : 1));
}

const describeCondition = (condition: Statement["Condition"] = {}) =>
  Object.values(condition)
    .flatMap((tests) => Object.entries(tests))
    .map(([variable, values]) => `${variable} is ${[...new Set(values.map(nameOf))].join(", ")}`)
    .join("; ");

export function drawRights(rows: readonly Row[]): string {
  const lines = rows.map(({ who, on, isDenied, actions, onlyIf }) => {
    const [service] = String(actions[0]).split(":");
    const short = actions.map((action) => action.replace(`${service}:`, ""));
    return `| ${who} | ${on.replace("*", "\\*")} | ${isDenied ? "**never** " : ""}${service}: ${short.join(", ")} | ${onlyIf.replaceAll("*", "\\*")} |`;
  });
  return ["| role | on | may | only if |", "| --- | --- | --- | --- |", ...lines].join("\n");
}
