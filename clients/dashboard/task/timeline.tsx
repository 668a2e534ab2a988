// What has happened to a task, by whom, and does its audit log hold?
import { Group, Timeline as Line, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { AuditEvent } from "../../client.ts";
import { useWho } from "../parts/use-who.ts";
import { plain, sayDuration, sayMoment, sayTime } from "../words.ts";
import { verifyChain } from "./verify-chain.ts";

export function Timeline({ events }: { events: AuditEvent[] }) {
  return (
    <section className="panel" aria-label="Timeline">
      <Group justify="space-between" component="header">
        <h2>Timeline</h2>
        <ChainMark events={events} />
      </Group>
      <Line active={events.length} bulletSize={12} lineWidth={1} className="timeline">
        {events.map((event, index) => (
          <Line.Item key={event.eventId} title={<Head event={event} before={events[index - 1]} />}>
            <Details event={event} />
          </Line.Item>
        ))}
      </Line>
    </section>
  );
}

function ChainMark({ events }: { events: AuditEvent[] }) {
  const { data } = useQuery({
    queryKey: ["chain", events.at(-1)?.eventId, events.length],
    enabled: events.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => verifyChain(events),
  });
  if (!data) return <span className="dim">chain not checked yet</span>;
  if (data.kind === "broken") {
    return (
      <span className="chain chain-broken" role="alert">
        chain broken at event {data.version}: {data.why}
      </span>
    );
  }
  return (
    <Tooltip
      label={`This browser made the hash of each of the ${data.events} events again, and all of them match`}
      multiline
      maw={300}
    >
      <span className="chain chain-holds">✓ chain holds</span>
    </Tooltip>
  );
}

function Head({ event, before }: { event: AuditEvent; before: AuditEvent | undefined }) {
  const moved = event.from !== event.to;
  return (
    <Group gap={6} component="span">
      <Text component="span" fw={500} className={event.to === "killed" && moved ? "status-killed" : ""}>
        {plain(event.type)}
      </Text>
      {moved && (
        <Text component="span" size="xs" c="dimmed">
          → {event.to}
        </Text>
      )}
      <Tooltip label={sayMoment(event.at)}>
        <Text component="time" dateTime={event.at} size="xs" c="dimmed" ml="auto">
          {before ? `+${sayDuration(Date.parse(event.at) - Date.parse(before.at))}` : sayTime(event.at)}
        </Text>
      </Tooltip>
    </Group>
  );
}

/** What a person wants to read of an event; the rest is in the export of the audit log. */
const told = ["reason", "why", "rejectedBy", "cause", "commit", "files", "outcome", "url", "paths", "stop", "sandbox"];

function Details({ event }: { event: AuditEvent }) {
  const who = useWho();
  const facts = told.flatMap((name) => {
    const value = event.data[name];
    return value === undefined || value === null ? [] : [[name, sayValue(value)] as const];
  });
  const failure = event.data.failure as { class?: string; message?: string } | undefined;
  const verdicts = event.data.verdicts as Record<string, string> | undefined;
  return (
    <Text size="xs" c="dimmed" component="div" className="facts-line">
      <div>
        by {who(event.by)}
        {facts.map(([name, value]) => (
          <span key={name}>
            {" · "}
            {name === "reason" || name === "why" ? <q>{value}</q> : `${plain(name)} ${value}`}
          </span>
        ))}
      </div>
      {failure && (
        <div>
          {plain(failure.class ?? "")}: {failure.message}
        </div>
      )}
      {verdicts && (
        <div>
          {Object.entries(verdicts)
            .map(([gate, outcome]) => `${gate} ${outcome}`)
            .join(", ")}
        </div>
      )}
    </Text>
  );
}

function sayValue(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /^[0-9a-f]{40}$/.test(text) ? text.slice(0, 12) : text;
}
