// How does a person ask for work? One form; what it leaves empty drover decides, and what is wrong is said beside its field.
import {
  Autocomplete,
  Button,
  Fieldset,
  Group,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { useLocation } from "wouter";
import { ask } from "../../client.ts";
import { api, fieldErrorsOf, wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";
import { MoreFields } from "./more-fields.tsx";
import { emptyForm, formErrorsOf, type TaskForm, toRequest } from "./task-form.ts";

export function NewTaskPage() {
  const { workspace, session } = useSigned();
  const [, go] = useLocation();
  const form = useForm<TaskForm>({
    initialValues: emptyForm,
    validate: {
      repository: (value) => (value.trim() ? null : "Say where the code is"),
      prompt: (value) => (value.trim() ? null : "Say in words what the task is for; it becomes the commit message"),
      command: (value, { kind }) => (kind === "command" && !value.trim() ? "Say what to run" : null),
      yoloReason: (value, { isYolo }) => (isYolo && !value.trim() ? "Say why the gates are skipped" : null),
    },
  });
  // The same for every try of this form: an answer that was lost does not make a second task.
  const idempotencyKey = useRef(crypto.randomUUID());
  const asking = useMutation({
    mutationFn: (body: ReturnType<typeof toRequest>) =>
      ask(
        api.POST("/api/orchestrator/tasks", {
          params: { header: { "idempotency-key": idempotencyKey.current } },
          body,
        }),
      ),
    onSuccess: ({ taskId }) => go(`/tasks/${taskId}`),
    onError(error) {
      // A request that is answered is over: what is sent next is another one.
      idempotencyKey.current = crypto.randomUUID();
      form.setErrors(formErrorsOf(fieldErrorsOf(error)));
    },
  });
  const credentials = useQuery({
    queryKey: ["credentials", workspace],
    queryFn: async () =>
      (await ask(api.GET("/api/orchestrator/workspaces/{workspace}/credentials", { params: { path: { workspace } } })))
        .names,
  });
  const { kind } = form.values;
  const elsewhere = workspace !== session.workspace;
  return (
    <form onSubmit={form.onSubmit((values) => asking.mutate(toRequest(values)))} noValidate className="form">
      <Stack gap="md">
        <Title order={1}>New task</Title>
        {elsewhere && (
          <Notice tone="warn" title={`It will be a task of ${session.workspace}`}>
            A key makes tasks in its own workspace only, whichever is looked at.
          </Notice>
        )}
        <Fieldset legend="Where">
          <Stack gap="xs">
            <TextInput
              label="Repository"
              placeholder="https://github.com/acme/shop or /home/me/shop"
              required
              data-autofocus
              {...form.getInputProps("repository")}
            />
            <Group grow align="flex-start">
              <TextInput label="Branch" placeholder="its default branch" {...form.getInputProps("branch")} />
              <Autocomplete
                label="Credential"
                placeholder="none"
                data={credentials.data ?? []}
                {...form.getInputProps("credential")}
              />
            </Group>
          </Stack>
        </Fieldset>
        <Fieldset legend="What">
          <Stack gap="xs">
            <SegmentedControl
              aria-label="Kind of agent"
              data={[
                { value: "model", label: "A model" },
                { value: "command", label: "A command" },
              ]}
              {...form.getInputProps("kind")}
            />
            <Textarea
              label={kind === "model" ? "What shall it do?" : "What is it for?"}
              description={kind === "command" ? "It becomes the commit message" : undefined}
              required
              autosize
              minRows={kind === "model" ? 6 : 2}
              {...form.getInputProps("prompt")}
            />
            {kind === "command" ? (
              <Textarea
                label="Command"
                description="Run by sh -c at the top of the repository"
                placeholder="npx --yes prettier --write ."
                required
                autosize
                classNames={{ input: "mono" }}
                {...form.getInputProps("command")}
              />
            ) : (
              <>
                <Group grow align="flex-start">
                  <Select
                    label="Type"
                    data={["worker", "reviewer", "tester"]}
                    allowDeselect={false}
                    {...form.getInputProps("type")}
                  />
                  <TextInput
                    label="Model"
                    placeholder="the cheapest that is able enough"
                    {...form.getInputProps("model")}
                  />
                </Group>
                <TagsInput label="Skills" placeholder="Enter adds one" {...form.getInputProps("skills")} />
              </>
            )}
          </Stack>
        </Fieldset>
        <MoreFields form={form} />
        {asking.error && <Notice title="The task was not made">{wordsOf(asking.error)}</Notice>}
        <Group>
          <Button type="submit" size="sm" loading={asking.isPending}>
            Submit the task
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
