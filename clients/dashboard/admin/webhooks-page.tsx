// Where do the workspace's notices go, and did they arrive?
import {
  Accordion,
  Button,
  Code,
  Group,
  Modal,
  MultiSelect,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { ask } from "../../client.ts";
import { api, wordsOf } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";
import { sayDuration } from "../words.ts";

const path = "/api/orchestrator/workspaces/{workspace}/webhooks";
const types = ["task.completed", "task.failed", "task.killed", "task.escalated"] as const;
type NoticeType = (typeof types)[number];

export function WebhooksPage() {
  const { workspace } = useSigned();
  const client = useQueryClient();
  const webhooks = useQuery({
    queryKey: ["webhooks", workspace],
    queryFn: async () => (await ask(api.GET(path, { params: { path: { workspace } } }))).webhooks,
  });
  const removing = useMutation({
    mutationFn: (webhookId: string) =>
      ask(api.DELETE(`${path}/{webhookId}`, { params: { path: { workspace, webhookId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <Stack gap="md">
      <Title order={1}>Webhooks of {workspace}</Title>
      {webhooks.error && <Notice title="The webhooks cannot be read">{wordsOf(webhooks.error)}</Notice>}
      {removing.error && <Notice title="It was not removed">{wordsOf(removing.error)}</Notice>}
      {webhooks.data?.length === 0 && <Text c="dimmed">There are none yet.</Text>}
      <Accordion variant="contained" transitionDuration={0}>
        {webhooks.data?.map(({ webhookId, url, events }) => (
          <Accordion.Item key={webhookId} value={webhookId}>
            <Accordion.Control>
              <span className="mono wrap">{url}</span> <span className="dim">{events.join(", ")}</span>
            </Accordion.Control>
            <Accordion.Panel>
              <Deliveries webhookId={webhookId} />
              <Group mt="sm">
                <Button
                  variant="default"
                  className="danger"
                  loading={removing.isPending}
                  onClick={() => removing.mutate(webhookId)}
                >
                  Remove this webhook
                </Button>
              </Group>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      <AddWebhook />
    </Stack>
  );
}

const lookAgainMs = 3_000;

function Deliveries({ webhookId }: { webhookId: string }) {
  const { workspace } = useSigned();
  const client = useQueryClient();
  const params = { path: { workspace, webhookId } };
  const { data, error } = useQuery({
    queryKey: ["deliveries", webhookId],
    refetchInterval: lookAgainMs,
    queryFn: async () =>
      (await ask(api.GET(`${path}/{webhookId}/deliveries`, { params: { ...params, query: {} } }))).deliveries,
  });
  const sending = useMutation({
    mutationFn: (deliveryId: string) =>
      ask(
        api.POST(`${path}/{webhookId}/deliveries/{deliveryId}/redeliver`, {
          params: { path: { ...params.path, deliveryId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["deliveries", webhookId] }),
  });
  if (error) return <Notice title="The deliveries cannot be read">{wordsOf(error)}</Notice>;
  if (!data?.length) return <Text c="dimmed">Nothing was sent yet.</Text>;
  return (
    <Table.ScrollContainer minWidth={520} type="native" tabIndex={0} role="region" aria-label="Deliveries">
      {sending.error && <Notice title="It was not sent again">{wordsOf(sending.error)}</Notice>}
      <Table>
        <Table.Tbody>
          {data.map(({ deliveryId, type, taskId, state, createdAt, tries }) => {
            const last = tries.at(-1);
            return (
              <Table.Tr key={deliveryId}>
                <Table.Td className={state === "failed" ? "danger" : ""}>{state}</Table.Td>
                <Table.Td>
                  <Link href={`/tasks/${taskId}`}>{type}</Link>
                </Table.Td>
                <Table.Td>
                  {last
                    ? `${last.status ?? last.why ?? "no answer"} in ${sayDuration(last.durationMs)}, try ${tries.length}`
                    : "not tried yet"}
                </Table.Td>
                <Table.Td>
                  <Age at={createdAt} suffix=" ago" />
                </Table.Td>
                <Table.Td ta="right">
                  <Button variant="default" loading={sending.isPending} onClick={() => sending.mutate(deliveryId)}>
                    Send again
                  </Button>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function AddWebhook() {
  const { workspace } = useSigned();
  const client = useQueryClient();
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<string[]>([...types]);
  const adding = useMutation({
    mutationFn: () =>
      ask(
        api.POST(path, {
          params: { path: { workspace } },
          body: { url: url.trim(), events: events as NoticeType[] },
        }),
      ),
    onSuccess() {
      setUrl("");
      return client.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate();
  };
  return (
    <form onSubmit={submit} className="panel form">
      <h2>Add one</h2>
      <Stack gap="sm">
        <TextInput
          label="URL"
          placeholder="https://hooks.example.com/drover"
          required
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          error={adding.error ? wordsOf(adding.error) : undefined}
        />
        <MultiSelect label="Of what" data={types} value={events} onChange={setEvents} />
        <Group>
          <Button type="submit" loading={adding.isPending} disabled={url.trim() === "" || events.length === 0}>
            Add
          </Button>
        </Group>
      </Stack>
      {adding.data && (
        <Modal opened onClose={adding.reset} title="The webhook's secret" closeOnClickOutside={false}>
          <Text mb="xs">Every notice is signed with it. It is shown here and never again.</Text>
          <Code block className="wrap">
            {adding.data.secret}
          </Code>
        </Modal>
      )}
    </form>
  );
}
