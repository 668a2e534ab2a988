// Where do sandboxes run, can those places be reached, and which of them take tasks?
import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, type Backend } from "../../client.ts";
import { type Operation, OperationDialog } from "../control/operation-dialog.tsx";
import { api, wordsOf } from "../drover.ts";
import { Health, useBackends } from "../fleet/backends-strip.tsx";
import { Notice } from "../parts/notice.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { useSigned } from "../session.tsx";
import { count } from "../words.ts";

const path = "/api/orchestrator/backends/{name}";

export function BackendsPage() {
  const { data, error } = useBackends();
  return (
    <Stack gap="sm">
      <Title order={1}>Backends</Title>
      {error && <Notice title="The backends cannot be read">{wordsOf(error)}</Notice>}
      <Table.ScrollContainer minWidth={640} type="native" tabIndex={0} role="region" aria-label="Backends">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Backend</Table.Th>
              <Table.Th>Live</Table.Th>
              <Table.Th>Cluster</Table.Th>
              <Table.Th>Note</Table.Th>
              <Table.Th>
                <span className="sr-only">Acts</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data?.map((backend) => (
              <Table.Tr key={backend.name}>
                <Table.Td>
                  <Health backend={backend} />
                  {backend.health?.error && (
                    <Text size="xs" className="danger wrap">
                      {backend.health.error}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  {backend.running}
                  {backend.slots === undefined ? "" : ` of ${backend.slots}`}
                </Table.Td>
                <Table.Td className="wrap">{backend.cluster}</Table.Td>
                <Table.Td className="wrap">{backend.note}</Table.Td>
                <Table.Td>
                  <Acts backend={backend} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

type Act = "pause" | "resume" | "release" | "revoke";

function Acts({ backend: { name, state, running } }: { backend: Backend }) {
  const { mayAll, mayAdmin } = useSigned();
  const client = useQueryClient();
  const [asked, setAsked] = useState<Act>();
  const [operation, setOperation] = useState<Operation>();
  const params = { path: { name } };
  const readAgain = () => client.invalidateQueries({ queryKey: ["backends"] });
  const checking = useMutation({
    mutationFn: () => ask(api.POST(`${path}/test`, { params })),
    onSuccess: readAgain,
  });
  const act = async (reason: string) => {
    const body = { reason };
    if (asked === "revoke") setOperation(await ask(api.DELETE(path, { params, body })));
    else if (asked) await ask(api.POST(`${path}/${asked}`, { params, body }));
    await readAgain();
  };
  const turn: Act = state === "open" ? "pause" : state === "paused" ? "resume" : "release";
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      {mayAdmin && (
        <Button variant="default" loading={checking.isPending} onClick={() => checking.mutate()}>
          Check now<span className="sr-only">: {name}</span>
        </Button>
      )}
      {mayAll && state !== "undeclared" && (
        <Button variant="default" onClick={() => setAsked(turn)}>
          {words[turn]}
        </Button>
      )}
      {mayAll && state !== "revoked" && (
        <Button variant="default" className="danger" onClick={() => setAsked("revoke")}>
          Revoke
        </Button>
      )}
      {asked && (
        <ReasonDialog
          title={`${words[asked]} ${name}?`}
          act={words[asked]}
          tone={asked === "revoke" ? "bad" : "normal"}
          placeholder="maintenance"
          onAct={act}
          onClose={() => setAsked(undefined)}
        >
          {asked === "revoke" ? (
            <p>
              <strong>{count(running, "live attempt")}</strong> there will be killed, and what waits for it. Nothing new
              lands there until it is released.
            </p>
          ) : asked === "pause" ? (
            <p>{count(running, "live attempt")} go on; what waits for it goes on waiting.</p>
          ) : (
            <p>It takes tasks again.</p>
          )}
        </ReasonDialog>
      )}
      {operation && <OperationDialog started={operation} onClose={() => setOperation(undefined)} />}
    </Group>
  );
}

const words: Record<Act, string> = { pause: "Pause", resume: "Resume", release: "Release", revoke: "Revoke" };
