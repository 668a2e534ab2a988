// Where do the workspace's notices go, and did they arrive?
import { MultiSelect, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { useSigned } from "../session.tsx";
import { AdminList, type FormEnds } from "./admin-list.tsx";
import { Deliveries } from "./deliveries.tsx";
import { FormDialog, required } from "./form-dialog.tsx";

const path = "/api/orchestrator/workspaces/{workspace}/webhooks";
const types = ["task.completed", "task.failed", "task.killed", "task.escalated"] as const;
type NoticeType = (typeof types)[number];

export function WebhooksPage() {
  const { workspace } = useSigned();
  const webhooks = useQuery({
    queryKey: ["webhooks", workspace],
    queryFn: async () => (await ask(api.GET(path, { params: { path: { workspace } } }))).webhooks,
  });
  return (
    <AdminList
      title={`Webhooks of ${workspace}`}
      about="Programs of yours that are told how each task has ended, by a signed request."
      queryKey="webhooks"
      found={webhooks}
      idOf={({ webhookId }) => webhookId}
      nameOf={({ url }) => url}
      empty="There are none yet. Add the address of a program that wants to be told."
      columns={[
        { title: "URL", show: ({ url }) => <span className="mono wrap">{url}</span> },
        {
          title: "Of what",
          show: ({ events }) => (events.length === types.length ? "every end" : events.map(shorten).join(", ")),
        },
        { title: "Made", show: ({ createdAt }) => <Age at={createdAt} suffix=" ago" /> },
      ]}
      creation={{ word: "New webhook", form: (ends) => <NewWebhook {...ends} /> }}
      removal={{
        word: "Remove",
        says: ({ url }) => (
          <p>
            Nothing is sent to <span className="mono wrap">{url}</span> any more. Its secret goes with it, and
            deliveries under way fail.
          </p>
        ),
        remove: ({ webhookId }) =>
          ask(api.DELETE(`${path}/{webhookId}`, { params: { path: { workspace, webhookId } } })),
      }}
      details={{
        word: "Deliveries",
        show: ({ webhookId }) => {
          const at = { workspace, webhookId };
          return (
            <Deliveries
              receiver={webhookId}
              empty="Nothing was sent yet. The next task that ends is told."
              read={(cursor) =>
                ask(
                  api.GET(`${path}/{webhookId}/deliveries`, { params: { path: at, query: cursor ? { cursor } : {} } }),
                )
              }
              sendAgain={(deliveryId) =>
                ask(
                  api.POST(`${path}/{webhookId}/deliveries/{deliveryId}/redeliver`, {
                    params: { path: { ...at, deliveryId } },
                  }),
                )
              }
            />
          );
        },
      }}
    />
  );
}

const shorten = (type: string) => type.replace("task.", "");

function NewWebhook({ onClose, onMade }: FormEnds) {
  const { workspace } = useSigned();
  const form = useForm({
    initialValues: { url: "", events: [...types] as string[] },
    validate: {
      url: required("Say where to send them"),
      events: (events) => (events.length > 0 ? null : "Choose at least one"),
    },
  });
  return (
    <FormDialog
      title="New webhook"
      act="Add"
      form={form}
      send={({ url, events }) =>
        ask(
          api.POST(path, {
            params: { path: { workspace } },
            body: { url: url.trim(), events: events as NoticeType[] },
          }),
        )
      }
      onMade={({ secret, url }) =>
        onMade({
          title: "The webhook's secret",
          says: `Every notice to ${url} is signed with it. It is shown here and never again.`,
          values: [{ label: "Secret", value: secret }],
        })
      }
      onClose={onClose}
    >
      <TextInput
        label="URL"
        placeholder="https://hooks.example.com/drover"
        required
        data-autofocus
        {...form.getInputProps("url")}
      />
      <MultiSelect label="Of what" data={types} {...form.getInputProps("events")} />
    </FormDialog>
  );
}
