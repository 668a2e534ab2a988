// How does an auditor get the audit log? As a file for a time of choice, with what it is verified against.
import { Button, Group, SegmentedControl, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../../client.ts";
import { api, wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/audit";

export function AuditPage() {
  const { workspace, mayAll } = useSigned();
  const [extent, setExtent] = useState("workspace");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const of = mayAll && extent === "everything" ? {} : { workspace };
  const isBackwards = from !== "" && to !== "" && from >= to;
  const name = of.workspace ?? "everything";
  return (
    <Stack gap="md" className="form">
      <div className="page-head">
        <Title order={1}>Audit log</Title>
        <Text c="dimmed">
          Every event of every task, and every act of an admin. Each holds the hash of the one before, so a change
          shows.
        </Text>
      </div>
      <section className="panel" aria-label="Export">
        <h2>Export</h2>
        <Stack gap="sm">
          {mayAll && (
            <SegmentedControl
              aria-label="Of what"
              value={extent}
              onChange={setExtent}
              data={[
                { value: "workspace", label: `Workspace ${workspace}` },
                { value: "everything", label: "Everything" },
              ]}
            />
          )}
          <Group grow align="flex-start">
            <TextInput
              label="From"
              description="Your time; empty for the beginning"
              type="datetime-local"
              value={from}
              onChange={(event) => setFrom(event.currentTarget.value)}
            />
            <TextInput
              label="To"
              description="Your time; empty for now"
              type="datetime-local"
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
              error={isBackwards && "must come after from"}
            />
          </Group>
          <Group>
            <Button
              component="a"
              href={isBackwards ? undefined : addressOf("export", { ...of, from: momentOf(from), to: momentOf(to) })}
              download={`drover-audit-${name}.ndjson`}
              data-disabled={isBackwards || undefined}
            >
              Download the log
            </Button>
            <Button
              component="a"
              variant="default"
              href={addressOf("digests", of)}
              download={`drover-digests-${name}.ndjson`}
            >
              Download the digests
            </Button>
          </Group>
        </Stack>
      </section>
      <PublicKey />
    </Stack>
  );
}

/** A link, so that the browser writes the file as it comes, however long it is. */
function addressOf(what: "export" | "digests", query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `${path}/${what}${search && `?${search}`}`;
}

const momentOf = (local: string) => (local === "" ? undefined : new Date(local).toISOString());

function PublicKey() {
  const { data, error } = useQuery({
    queryKey: ["audit key"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => ask(api.GET(`${path}/key`)),
  });
  return (
    <section className="panel" aria-label="How to verify it">
      <h2>How to verify it</h2>
      <Stack gap="xs">
        <Text>
          <code className="mono">drover verify --export … --digests … --public-key …</code> makes every hash again,
          offline. The daily digests are signed with the key below: with them it also finds what was cut off at the end.
        </Text>
        {error && <Notice title="The key cannot be read">{wordsOf(error)}</Notice>}
        {data && (
          <Text className="mono wrap">
            {data.algorithm} {data.publicKey}
          </Text>
        )}
      </Stack>
    </section>
  );
}
