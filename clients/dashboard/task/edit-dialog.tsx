// What may be changed of a task that waits? What was read when the dialog opened: had somebody else changed it since, it is refused.
import { Group, NumberInput, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { ask, type Task } from "../../client.ts";
import { FormDialog, required } from "../admin/form-dialog.tsx";
import { api } from "../drover.ts";

interface EditDialogProps {
  task: Task;
  onClose: () => void;
  onSaved: () => Promise<void>;
}

export function EditDialog({ task, onClose, onSaved }: EditDialogProps) {
  const [{ taskId, version, title, prompt, priority, maxAttempts, labels = [] }] = useState(task);
  const form = useForm({
    initialValues: {
      title,
      prompt,
      priority: priority as number | string,
      maxAttempts: maxAttempts as number | string,
      labels,
    },
    validate: { title: required("Give it a title"), prompt: required("Say what it shall do") },
  });
  return (
    <FormDialog
      title="Edit a queued task"
      act="Save"
      form={form}
      send={(values) =>
        ask(
          api.PATCH("/api/orchestrator/tasks/{taskId}", {
            params: { path: { taskId } },
            body: {
              ...{ version, title: values.title, labels: values.labels },
              // What it shall do is judged anew, so only where it is another.
              ...(values.prompt === prompt ? {} : { prompt: values.prompt }),
              ...{ priority: Number(values.priority), maxAttempts: Number(values.maxAttempts) },
            },
          }),
        )
      }
      onMade={async () => {
        await onSaved();
        onClose();
      }}
      onClose={onClose}
    >
      <TextInput label="Title" required data-autofocus {...form.getInputProps("title")} />
      <Textarea
        label="What shall it do?"
        required
        autosize
        minRows={3}
        maxRows={12}
        {...form.getInputProps("prompt")}
      />
      <Group grow align="flex-start">
        <NumberInput
          label="Priority"
          description="10 runs first"
          min={1}
          max={10}
          {...form.getInputProps("priority")}
        />
        <NumberInput
          label="Attempts at most"
          description="After failures"
          min={1}
          max={10}
          {...form.getInputProps("maxAttempts")}
        />
      </Group>
      <TagsInput label="Labels" placeholder="Enter adds one" {...form.getInputProps("labels")} />
    </FormDialog>
  );
}
