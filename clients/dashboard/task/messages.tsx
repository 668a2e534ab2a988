// What was said to the agent, and what does one want to say now? It hears it before its next turn.
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ask, type paths, type Task } from "../../client.ts";
import { isEnded } from "../../task-statuses.ts";
import { actWordsOf, api, wordsOf } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { useWho } from "../parts/use-who.ts";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/tasks/{taskId}/messages";
type Message = paths[typeof path]["get"]["responses"][200]["content"]["application/json"]["messages"][number];
const pageSize = 100;

export function Messages({ task }: { task: Task }) {
  const { taskId, status, messages = 0 } = task;
  const who = useWho();
  const maySpeak = useSigned().mayActOn(task);
  const client = useQueryClient();
  const [text, setText] = useState("");
  const params = { path: { taskId } };
  const said = useQuery({
    queryKey: ["messages", taskId, messages],
    placeholderData: (before) => before,
    queryFn: () => readMessages(taskId),
  });
  const sending = useMutation({
    mutationFn: () => ask(api.POST(path, { params, body: { text } })),
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
              {who(by)}, <Age at={at} suffix=" ago" />
            </Text>
            <div>{words}</div>
          </div>
        ))}
        {said.error && <Text c="red">{wordsOf(said.error)}</Text>}
        {(isOver || !maySpeak) && !said.data?.length && <Text c="dimmed">Nothing was said.</Text>}
        {!isOver && maySpeak && (
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

/** They come in pages, oldest first. */
async function readMessages(taskId: string, after = 0): Promise<Message[]> {
  const { messages } = await ask(api.GET(path, { params: { path: { taskId }, query: { after } } }));
  const last = messages.at(-1);
  return last && messages.length === pageSize ? [...messages, ...(await readMessages(taskId, last.number))] : messages;
}
