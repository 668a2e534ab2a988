// What is known of a task in one look: where it works, for whom, and what came of it.
import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { AuditEvent, Task } from "../../client.ts";
import { useCredentials } from "../admin/use-credentials.ts";
import { useSwitches } from "../control/use-switches.ts";
import { plain, sayMoment } from "../words.ts";
import { sayWait } from "./say-wait.ts";

export function Facts({ task, events }: { task: Task; events: readonly AuditEvent[] }) {
  const waits = useWait(task, events);
  const { agent, pullRequest } = task;
  const facts: [string, ReactNode][] = [
    ["Waits", waits],
    ["Repository", <span key="r">{task.repository}</span>],
    ["From branch", task.baseBranch],
    ["Agent", agent.kind === "command" ? "a command" : `${agent.type}, ${agent.model}`],
    ["Priority", `${task.priority} of 10`],
    ["Backend", task.backend],
    ["Asked by", task.owner],
    ["Asked at", sayMoment(task.createdAt)],
    ["Branch", task.branch && <span className="mono">{task.branch}</span>],
    ["Commit", task.commit && <span className="mono">{task.commit.slice(0, 12)}</span>],
    ["Push", task.publishOutcome && plain(task.publishOutcome)],
    ["Merges", task.merges],
    ["Result", task.noChanges && "no changes"],
    ["Pull request", pullRequest && <PullRequest key="p" {...pullRequest} />],
    ["Labels", task.labels?.join(", ")],
    ["Retry of", task.retryOf && <Link href={`/tasks/${task.retryOf}`}>{task.retryOf}</Link>],
    ["Limits watched, not kept", task.measuredLimits?.join(", ")],
  ];
  return (
    <dl className="facts facts-wide">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function useWait(task: Task, events: readonly AuditEvent[]): string | undefined {
  const { data: switches } = useSwitches();
  const { data: credentials } = useCredentials();
  const quotaUntil = credentials?.find(({ name }) => name === task.provider)?.pausedUntil;
  return task.status === "queued" ? sayWait(task, { ...switches, quotaUntil, events }) : undefined;
}

function PullRequest({ state, url, number, why }: NonNullable<Task["pullRequest"]>) {
  if (!url || !/^https?:/.test(url)) return <>{why ? `${state}: ${why}` : state}</>;
  return (
    <Anchor href={url} target="_blank" rel="noreferrer">
      #{number}, {state}
    </Anchor>
  );
}
