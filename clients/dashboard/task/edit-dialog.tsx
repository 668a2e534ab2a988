// What may be changed of a task that waits? What was read when the dialog opened: had somebody else changed it since, it is refused.
import { Fieldset, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { ask, type Task } from "../../client.ts";
import { FormDialog, required } from "../admin/form-dialog.tsx";
import { api } from "../drover.ts";
import { GateFields } from "../new-task/gate-fields.tsx";
import { LimitFields, TurnFields } from "../new-task/limit-fields.tsx";
import { formErrorsOf } from "../new-task/task-form.ts";
import { toEdit, toEditForm } from "./edit-form.ts";

interface EditDialogProps {
  task: Task;
  onClose: () => void;
  onSaved: () => Promise<void>;
}

export function EditDialog({ task, onClose, onSaved }: EditDialogProps) {
  const [read] = useState(task);
  const form = useForm({
    initialValues: toEditForm(read),
    validate: { title: required("Give it a title"), prompt: required("Say what it shall do") },
  });
  return (
    <FormDialog
      title="Edit a queued task"
      act="Save"
      size="xl"
      form={form}
      errorsOf={formErrorsOf}
      send={async (values) => {
        const body = toEdit(read, values);
        const params = { path: { taskId: read.taskId } };
        if (body) await ask(api.PATCH("/api/orchestrator/tasks/{taskId}", { params, body }));
      }}
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
      <Fieldset legend="Gates">
        <Stack gap="xs">
          <GateFields form={form} hidesUsual={read.gates.chosenBy === "request"} />
        </Stack>
      </Fieldset>
      <Fieldset legend="Limits">
        <LimitFields form={form} isModel={read.agent.kind === "model"} />
      </Fieldset>
      <Fieldset legend="Queue">
        <Stack gap="xs">
          <TurnFields form={form} />
          <TagsInput label="Labels" placeholder="Enter adds one" {...form.getInputProps("labels")} />
        </Stack>
      </Fieldset>
    </FormDialog>
  );
}
