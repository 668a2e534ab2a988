// How does a person ask for work? One form; what it leaves empty drover decides, and what is wrong is said beside its field.
import { Button, Group, Stack, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { useLocation } from "wouter";
import { ask, DroverProblem } from "../../client.ts";
import { actWordsOf, api, fieldErrorsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";
import { MoreFields } from "./more-fields.tsx";
import { WhatFields, WhereFields } from "./task-fields.tsx";
import { emptyForm, formErrorsOf, type TaskForm, taskRules, toRequest } from "./task-form.ts";

export function NewTaskPage() {
  const { workspace, session } = useSigned();
  const [, go] = useLocation();
  const form = useForm<TaskForm>({
    initialValues: emptyForm,
    validate: taskRules,
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
      if (error instanceof DroverProblem && error.status < 500) idempotencyKey.current = crypto.randomUUID();
      form.setErrors(formErrorsOf(fieldErrorsOf(error)));
    },
  });
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
        <WhereFields form={form} />
        <WhatFields form={form} />
        <MoreFields form={form} />
        {asking.error && <Notice title="The task was not made">{actWordsOf(asking.error)}</Notice>}
        <Group>
          <Button type="submit" size="sm" loading={asking.isPending}>
            Submit the task
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
