// How does a person sign in? An API key is exchanged for a cookie that no script can read, and then forgotten.
import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ask } from "../client.ts";
import { actWordsOf, api, carryCsrfOf, sessionKey } from "./drover.ts";
import { Notice } from "./parts/notice.tsx";
import { useTitle } from "./parts/use-title.ts";

/** `hasEnded`: somebody was signed in. The address stays as it is, so that one comes back to the same page. */
export function SignIn({ hasEnded }: { hasEnded: boolean }) {
  const client = useQueryClient();
  useTitle("Sign in");
  const [apiKey, setApiKey] = useState("");
  const entry = useMutation({
    mutationKey: sessionKey,
    mutationFn: () => ask(api.POST("/api/session", { body: { apiKey: apiKey.trim() } })),
    onSuccess(session) {
      carryCsrfOf(session);
      // What the one before has read may be another's.
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
      client.setQueryData(sessionKey, session);
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
          {hasEnded && (
            <Notice tone="warn" title="Your session has ended">
              It was 12 hours old, or its key was revoked. Sign in to come back to this page.
            </Notice>
          )}
          <PasswordInput
            label="API key"
            description="On this machine it is printed by npm start, and stands in .drover/api-key"
            placeholder="drv_…"
            autoComplete="off"
            data-autofocus
            required
            value={apiKey}
            onChange={(event) => setApiKey(event.currentTarget.value)}
            error={entry.error ? actWordsOf(entry.error) : undefined}
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
