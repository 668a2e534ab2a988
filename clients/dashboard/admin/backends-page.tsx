// Where do sandboxes run, can those places be reached, and which of them take tasks?
import { Button, Group, NumberInput, TagsInput, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { ask, type Backend } from "../../client.ts";
import type { Operation } from "../control/operation-dialog.tsx";
import { actWordsOf, api } from "../drover.ts";
import { Health } from "../fleet/backends-strip.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { useSigned } from "../session.tsx";
import { count } from "../words.ts";
import { AdminList, type FormEnds } from "./admin-list.tsx";
import { FormDialog, required } from "./form-dialog.tsx";

const OperationDialog = lazy(async () => ({
  default: (await import("../control/operation-dialog.tsx")).OperationDialog,
}));

const path = "/api/orchestrator/backends";
const everyMs = 10_000;

export function BackendsPage() {
  const { mayAll } = useSigned();
  const [operation, setOperation] = useState<Operation>();
  const backends = useQuery({
    queryKey: ["backends", "revoked too"],
    refetchInterval: everyMs,
    queryFn: async () => (await ask(api.GET(path, { params: { query: { revoked: "true" } } }))).backends,
  });
  return (
    <>
      <AdminList
        title="Backends"
        about="The clusters where sandboxes run. Each is checked again and again, and named by tasks."
        queryKey="backends"
        found={backends}
        idOf={({ name }) => name}
        nameOf={({ name }) => name}
        empty="There is none."
        columns={[
          {
            title: "Backend",
            show: (backend) => (
              <>
                <Health backend={backend} />
                {backend.health?.error && (
                  <Text size="xs" className="danger wrap">
                    {backend.health.error}
                  </Text>
                )}
              </>
            ),
          },
          {
            title: "Live",
            show: ({ running, slots }) => (slots === undefined ? running : `${running} of ${slots}`),
          },
          {
            title: "Cluster",
            show: ({ cluster, region }) => <span className="wrap">{[cluster, region].filter(Boolean).join(", ")}</span>,
          },
          { title: "Note", show: ({ note }) => note ?? <span className="dim">–</span> },
        ]}
        creation={mayAll ? { word: "Add backend", form: (ends) => <AddBackend {...ends} /> } : undefined}
        acts={(backend) => <Acts backend={backend} />}
        removal={{
          word: "Revoke",
          asksReason: "the cluster goes away",
          isPossible: ({ state }) => mayAll && state !== "revoked",
          says: ({ running }) => (
            <p>
              <strong>{count(running, "live attempt")}</strong> there will be killed, and what waits for it. Nothing new
              lands there until it is released.
            </p>
          ),
          remove: async ({ name }, reason) =>
            setOperation(await ask(api.DELETE(`${path}/{name}`, { params: { path: { name } }, body: { reason } }))),
        }}
      />
      {operation && (
        <Suspense>
          <OperationDialog started={operation} onClose={() => setOperation(undefined)} />
        </Suspense>
      )}
    </>
  );
}

type Turn = "pause" | "resume" | "release";
const turnOf = (state: Backend["state"]): Turn =>
  state === "open" ? "pause" : state === "paused" ? "resume" : "release";

function Acts({ backend: { name, state, running } }: { backend: Backend }) {
  const { mayAll, mayAdmin } = useSigned();
  const client = useQueryClient();
  const [asked, setAsked] = useState<Turn>();
  const params = { path: { name } };
  const readAgain = () => client.invalidateQueries({ queryKey: ["backends"] });
  const checking = useMutation({
    mutationFn: () => ask(api.POST(`${path}/{name}/test`, { params })),
    onSuccess: readAgain,
  });
  return (
    <>
      {checking.error && <Text className="danger">{actWordsOf(checking.error)}</Text>}
      {mayAdmin && (
        <Button
          variant="default"
          aria-label={`Check now: ${name}`}
          loading={checking.isPending}
          onClick={() => checking.mutate()}
        >
          Check now
        </Button>
      )}
      {mayAll && state !== "undeclared" && (
        <Button
          variant="default"
          aria-label={`${turns[turnOf(state)].word}: ${name}`}
          onClick={() => setAsked(turnOf(state))}
        >
          {turns[turnOf(state)].word}
        </Button>
      )}
      {asked && (
        <ReasonDialog
          title={`${turns[asked].word} ${name}?`}
          act={turns[asked].word}
          tone="normal"
          placeholder="maintenance"
          onAct={async (reason) => {
            await ask(api.POST(`${path}/{name}/${asked}`, { params, body: { reason } }));
            await readAgain();
          }}
          onClose={() => setAsked(undefined)}
        >
          <p>{turns[asked].says(running)}</p>
        </ReasonDialog>
      )}
    </>
  );
}

const turns: Record<Turn, { word: string; says: (running: number) => string }> = {
  pause: {
    word: "Pause",
    says: (running) => `${count(running, "live attempt")} will go on; what waits for it goes on waiting.`,
  },
  resume: { word: "Resume", says: () => "It takes tasks again, and what waits for it runs." },
  release: { word: "Release", says: () => "It takes new tasks again. What was killed there stays killed." },
};

function AddBackend({ onClose, onMade }: FormEnds) {
  const form = useForm({
    initialValues: {
      ...{ name: "", cluster: "", taskDefinition: "", region: "", endpoint: "", note: "" },
      ...{ subnets: [] as string[], securityGroups: [] as string[], slots: "" as number | string },
    },
    validate: { name: required("Tasks name it by this") },
  });
  return (
    <FormDialog
      title="Add a backend"
      act="Add"
      form={form}
      send={({ slots, subnets, securityGroups, name, ...texts }) => {
        const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
        const body = {
          name: name.trim(),
          ...Object.fromEntries(given.map(([field, text]) => [field, text.trim()])),
          ...(subnets.length > 0 && { subnets }),
          ...(securityGroups.length > 0 && { securityGroups }),
          ...(slots !== "" && { slots: Number(slots) }),
        };
        return ask(api.POST(path, { body }));
      }}
      onMade={() => onMade()}
      onClose={onClose}
    >
      <Text size="xs" c="dimmed">
        On AWS a backend is declared in the deployment, which gives drover its rights: here it is named only. On one
        machine any ECS endpoint on loopback will do. One that was revoked comes back by its name.
      </Text>
      <TextInput label="Name" placeholder="gpu" required data-autofocus {...form.getInputProps("name")} />
      <Group grow align="flex-start">
        <TextInput label="Cluster" placeholder="as declared" {...form.getInputProps("cluster")} />
        <TextInput label="Task definition" placeholder="as declared" {...form.getInputProps("taskDefinition")} />
      </Group>
      <Group grow align="flex-start">
        <TextInput label="Region" placeholder="eu-central-1" {...form.getInputProps("region")} />
        <TextInput label="Endpoint" placeholder="AWS's own" {...form.getInputProps("endpoint")} />
      </Group>
      <Group grow align="flex-start">
        <TagsInput label="Subnets" placeholder="Enter adds one" {...form.getInputProps("subnets")} />
        <TagsInput label="Security groups" placeholder="Enter adds one" {...form.getInputProps("securityGroups")} />
      </Group>
      <Group grow align="flex-start">
        <NumberInput
          label="Attempts at once"
          placeholder="no limit of its own"
          min={1}
          {...form.getInputProps("slots")}
        />
        <TextInput label="Note" placeholder="for people" {...form.getInputProps("note")} />
      </Group>
    </FormDialog>
  );
}
