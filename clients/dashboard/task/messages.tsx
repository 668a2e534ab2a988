// What was said to the agent, and what does one want to say now? It hears it before its next turn.
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ask, type Task } from "../../client.ts";
import { actWordsOf, api, wordsOf } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { isEnded } from "../parts/states.ts";
import { sayWho } from "../words.ts";

export function Messages({ task: { taskId, status, messages = 0 } }: { task: Task }) {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const params = { path: { taskId } };
  const said = useQuery({
    queryKey: ["messages", taskId, messages],
    placeholderData: (before) => before,
    queryFn: async () =>
      (await ask(api.GET("/api/orchestrator/tasks/{taskId}/messages", { params: { ...params, query: {} } }))).messages,
  });
  const sending = useMutation({
    mutationFn: () => ask(api.POST("/api/orchestrator/tasks/{taskId}/messages", { params, body: { text } })),
    onSuccess() {
      setText("");
      return client.invalidateQueries({ queryKey: ["messages", taskId] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  const isOver = isEnded(status) || status === "publishing";
  return (
    <section className="panel" aria-label="Messages to the agent">
      <h2>Messages to the agent</h2>
      <Stack gap="xs">
        {said.data?.map(({ number, at, by, text: words }) => (
          <div key={number} className="message">
            <Text size="xs" c="dimmed">
              {sayWho(by)}, <Age at={at} suffix=" ago" />
            </Text>
            <div>{words}</div>
          </div>
        ))}
        {said.error && <Text c="red">{wordsOf(said.error)}</Text>}
        {isOver && !said.data?.length && <Text c="dimmed">Nothing was said.</Text>}
        {!isOver && (
          <form onSubmit={submit}>
            <Textarea
              aria-label="Message"
              placeholder="Leave the parser alone"
              autosize
              minRows={2}
              maxLength={16_384}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={sending.error ? actWordsOf(sending.error) : undefined}
            />
            <Group justify="flex-end" mt={6}>
              <Button type="submit" variant="default" loading={sending.isPending} disabled={text.trim() === ""}>
                Send
              </Button>
            </Group>
          </form>
        )}
      </Stack>
    </section>
  );
}
