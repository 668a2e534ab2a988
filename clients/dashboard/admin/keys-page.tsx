// Who may use the workspace? Its API keys: made here, shown once, revoked at once.
import {
  Badge,
  Button,
  Code,
  CopyButton,
  Group,
  Modal,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ask, type Session } from "../../client.ts";
import { api, fieldErrorsOf, wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useFocusReturn } from "../parts/use-focus-return.ts";
import { useSigned } from "../session.tsx";
import { plain, sayMoment } from "../words.ts";

type Role = Session["role"];
const path = "/api/orchestrator/workspaces/{workspace}/keys";

export function KeysPage() {
  const { workspace, session } = useSigned();
  const [isMaking, setMaking] = useState(false);
  const client = useQueryClient();
  const params = { path: { workspace } };
  const keys = useQuery({
    queryKey: ["keys", workspace],
    queryFn: async () => (await ask(api.GET(path, { params }))).keys,
  });
  const revoking = useMutation({
    mutationFn: (keyId: string) => ask(api.DELETE(`${path}/{keyId}`, { params: { path: { workspace, keyId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys"] }),
  });
  const [asked, setAsked] = useState<{ keyId: string; name: string }>();
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={1}>API keys of {workspace}</Title>
        <Button onClick={() => setMaking(true)}>New key</Button>
      </Group>
      {keys.error && <Notice title="The keys cannot be read">{wordsOf(keys.error)}</Notice>}
      <Table.ScrollContainer minWidth={560} type="native" tabIndex={0} role="region" aria-label="Keys">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>Speaks for</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>
                <span className="sr-only">Acts</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.data?.map(({ keyId, name, role, principal, createdAt, revokedAt }) => (
              <Table.Tr key={keyId}>
                <Table.Td>
                  {name} <span className="mono dim">…{keyId.slice(-6)}</span>
                </Table.Td>
                <Table.Td>{plain(role)}</Table.Td>
                <Table.Td className="wrap">{principal}</Table.Td>
                <Table.Td>{sayMoment(createdAt)}</Table.Td>
                <Table.Td ta="right">
                  {revokedAt ? (
                    <Badge variant="outline" className="mark mark-bad">
                      revoked
                    </Badge>
                  ) : (
                    <Button variant="default" onClick={() => setAsked({ keyId, name })}>
                      Revoke<span className="sr-only"> {name}</span>
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {isMaking && <NewKey onClose={() => setMaking(false)} />}
      {asked && (
        <Modal opened onClose={() => setAsked(undefined)} title={`Revoke ${asked.name}?`}>
          <Stack gap="sm">
            <Text>
              Whoever uses it is refused at once, sessions that it has begun included. This cannot be taken back.
            </Text>
            {asked.keyId === session.keyId && (
              <Notice tone="warn" title="It is the key that you are signed in with">
                You will be signed out.
              </Notice>
            )}
            {revoking.error && <Notice title="It was not revoked">{wordsOf(revoking.error)}</Notice>}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setAsked(undefined)}>
                Cancel
              </Button>
              <Button
                color="red.9"
                loading={revoking.isPending}
                onClick={() => revoking.mutate(asked.keyId, { onSuccess: () => setAsked(undefined) })}
              >
                Revoke
              </Button>
            </Group>
          </Stack>
        </Modal>
      )}
    </Stack>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const { workspace, mayAll } = useSigned();
  useFocusReturn();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [principal, setPrincipal] = useState("");
  const [role, setRole] = useState<Role>("member");
  const making = useMutation({
    mutationFn: () =>
      ask(
        api.POST(path, {
          params: { path: { workspace } },
          body: { name, role, ...(principal.trim() && { principal: principal.trim() }) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys"] }),
  });
  const errors = fieldErrorsOf(making.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  if (making.data) return <MadeKey apiKey={making.data.apiKey} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title={`New key of ${workspace}`}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errors.name}
          />
          <TextInput
            label="Speaks for"
            description="The same for a key that replaces another: its owner's tasks stay its own"
            placeholder="itself"
            value={principal}
            onChange={(event) => setPrincipal(event.currentTarget.value)}
            error={errors.principal}
          />
          <Select
            label="Role"
            data={(["member", "workspace_admin", ...(mayAll ? ["super_admin"] : [])] as Role[]).map((value) => ({
              value,
              label: plain(value),
            }))}
            value={role}
            allowDeselect={false}
            onChange={(chosen) => setRole((chosen ?? "member") as Role)}
          />
          {making.error && Object.keys(errors).length === 0 && (
            <Notice title="The key was not made">{wordsOf(making.error)}</Notice>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={making.isPending}>
              Make it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const MadeKey = ({ apiKey, onClose }: { apiKey: string; onClose: () => void }) => (
  <Modal opened onClose={onClose} title="The new key" closeOnClickOutside={false}>
    <Stack gap="sm">
      <Text>It is shown here and never again.</Text>
      <Code block className="wrap">
        {apiKey}
      </Code>
      <Group justify="flex-end">
        <CopyButton value={apiKey}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>I have it</Button>
      </Group>
    </Stack>
  </Modal>
);
