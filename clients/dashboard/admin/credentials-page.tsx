// Which tokens and model keys may the workspace's tasks use? Set and replaced here, never read.
import {
  Button,
  Group,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ask } from "../../client.ts";
import { api, fieldErrorsOf, wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/workspaces/{workspace}/credentials";

export function CredentialsPage() {
  const { workspace } = useSigned();
  const credentials = useQuery({
    queryKey: ["credentials", workspace],
    queryFn: async () => (await ask(api.GET(path, { params: { path: { workspace } } }))).names,
  });
  return (
    <Stack gap="md" className="form">
      <Title order={1}>Credentials of {workspace}</Title>
      {credentials.error && <Notice title="The names cannot be read">{wordsOf(credentials.error)}</Notice>}
      {credentials.data?.length === 0 && <Text c="dimmed">There are none yet.</Text>}
      <Table>
        <Table.Tbody>
          {credentials.data?.map((name) => (
            <Table.Tr key={name}>
              <Table.Td>
                <strong>{name}</strong>
              </Table.Td>
              <Table.Td c="dimmed">set; what it holds is never shown</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <SetCredential />
    </Stack>
  );
}

function SetCredential() {
  const { workspace } = useSigned();
  const client = useQueryClient();
  const [use, setUse] = useState("git");
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const [repositories, setRepositories] = useState("");
  const [forge, setForge] = useState<string | null>(null);
  const setting = useMutation({
    mutationFn: () => {
      const patterns = repositories.split(/[\s,]+/).filter(Boolean);
      const git = {
        ...(patterns.length > 0 ? { repositories: patterns } : {}),
        ...(forge ? { forge: { kind: forge as "github" | "gitea" } } : {}),
      };
      const body = { token, ...(use === "model" ? { model: {} } : git) };
      return ask(api.PUT(`${path}/{name}`, { params: { path: { workspace, name: name.trim() } }, body }));
    },
    onSuccess() {
      setToken("");
      return client.invalidateQueries({ queryKey: ["credentials"] });
    },
  });
  const errors = fieldErrorsOf(setting.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setting.mutate();
  };
  return (
    <form onSubmit={submit} className="panel">
      <h2>Set or replace one</h2>
      <Stack gap="sm">
        <SegmentedControl
          aria-label="What for"
          value={use}
          onChange={setUse}
          data={[
            { value: "git", label: "Token of a git host" },
            { value: "model", label: "Key of a model" },
          ]}
        />
        <TextInput
          label="Name"
          placeholder={use === "git" ? "github" : "anthropic"}
          description="Tasks name it"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors.name}
        />
        <PasswordInput
          label="Token"
          required
          autoComplete="off"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={errors.token}
        />
        {use === "git" && (
          <Group grow align="flex-start">
            <TextInput
              label="Only for"
              placeholder="https://git.example.com/acme/*"
              description="Without it: the well-known git hosts"
              value={repositories}
              onChange={(event) => setRepositories(event.currentTarget.value)}
              error={Object.entries(errors).find(([field]) => field.startsWith("repositories"))?.[1]}
            />
            <Select
              label="Forge"
              description="For pull requests elsewhere than github.com"
              placeholder="none of your own"
              clearable
              clearButtonProps={{ "aria-label": "No forge" }}
              data={["github", "gitea"]}
              value={forge}
              onChange={setForge}
            />
          </Group>
        )}
        {setting.error && <Notice title="It was not stored">{wordsOf(setting.error)}</Notice>}
        {setting.isSuccess && <Notice tone="info" title="Stored" />}
        <Group>
          <Button type="submit" loading={setting.isPending} disabled={name.trim() === "" || token === ""}>
            Store
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
