// How does a person sign in? An API key is exchanged for a cookie that no script can read, and then forgotten.
import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ask } from "../client.ts";
import { api, carryCsrfOf, wordsOf } from "./drover.ts";

export function SignIn() {
  const client = useQueryClient();
  const [apiKey, setApiKey] = useState("");
  const entry = useMutation({
    mutationFn: () => ask(api.POST("/api/session", { body: { apiKey: apiKey.trim() } })),
    onSuccess(session) {
      carryCsrfOf(session);
      client.setQueryData(["session"], session);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    entry.mutate();
  };
  return (
    <Center component="main" mih="90vh" p="md">
      <Paper withBorder p="xl" w={400} component="form" onSubmit={submit}>
        <Stack>
          <Title order={1}>Sign in to drover</Title>
          <PasswordInput
            label="API key"
            description="On this machine it is printed by npm start, and stands in .drover/api-key"
            placeholder="drv_…"
            autoComplete="off"
            data-autofocus
            required
            value={apiKey}
            onChange={(event) => setApiKey(event.currentTarget.value)}
            error={entry.error ? wordsOf(entry.error) : undefined}
          />
          <Button type="submit" size="sm" loading={entry.isPending}>
            Sign in
          </Button>
          <Text size="xs" c="dimmed">
            The key is exchanged for a cookie that ends after 12 hours. The page keeps no key.
          </Text>
        </Stack>
      </Paper>
    </Center>
  );
}
