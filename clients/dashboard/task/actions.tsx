// What may one do with a task? Kill it while it lives, withdraw or change it while it waits, ask again once it has failed.
import { Button, Group, Modal, NumberInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { ask, type Task } from "../../client.ts";
import { KillDialog } from "../control/kill-dialog.tsx";
import { actWordsOf, api, fieldErrorsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { isLive } from "../parts/states.ts";
import { useFocusReturn } from "../parts/use-focus-return.ts";
import { useSigned } from "../session.tsx";

type Dialog = "kill" | "cancel" | "edit";

export function Actions({ task }: { task: Task }) {
  const [dialog, setDialog] = useState<Dialog>();
  const client = useQueryClient();
  const [, go] = useLocation();
  const close = () => setDialog(undefined);
  const readAgain = () => client.invalidateQueries({ queryKey: ["task", task.taskId] });
  const params = { path: { taskId: task.taskId } };
  const retry = useMutation({
    mutationFn: () => ask(api.POST("/api/orchestrator/tasks/{taskId}/retry", { params })),
    onSuccess: ({ taskId }) => go(`/tasks/${taskId}`),
  });
  const { status } = task;
  if (!useSigned().mayActOn(task)) return null;
  return (
    <Group gap="xs">
      {status === "queued" && (
        <>
          <Button variant="default" onClick={() => setDialog("edit")}>
            Edit
          </Button>
          <Button variant="default" onClick={() => setDialog("cancel")}>
            Cancel the task
          </Button>
        </>
      )}
      {isLive(status) && (
        <Button color="red.9" onClick={() => setDialog("kill")}>
          Kill
        </Button>
      )}
      {(status === "failed" || status === "killed") && (
        <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
          Retry as a new task
        </Button>
      )}
      {retry.error && <Notice title="It was not retried">{actWordsOf(retry.error)}</Notice>}
      {dialog === "kill" && <KillDialog task={task} onClose={close} />}
      {dialog === "cancel" && (
        <ReasonDialog
          title="Withdraw this task?"
          act="Withdraw"
          tone="normal"
          placeholder="not needed any more"
          onClose={close}
          onAct={async (reason) => {
            await ask(api.POST("/api/orchestrator/tasks/{taskId}/cancel", { params, body: { reason } }));
            await readAgain();
          }}
        >
          <strong>{task.title}</strong> has not started. It ends as killed, cause cancelled.
        </ReasonDialog>
      )}
      {dialog === "edit" && <EditDialog task={task} onClose={close} onSaved={readAgain} />}
    </Group>
  );
}

interface EditDialogProps {
  task: Task;
  onClose: () => void;
  onSaved: () => Promise<void>;
}

function EditDialog({ task, onClose, onSaved }: EditDialogProps) {
  useFocusReturn();
  const [title, setTitle] = useState(task.title);
  const [priority, setPriority] = useState<number | string>(task.priority);
  const saving = useMutation({
    mutationFn: () =>
      ask(
        api.PATCH("/api/orchestrator/tasks/{taskId}", {
          params: { path: { taskId: task.taskId } },
          body: { version: task.version, title, priority: Number(priority) },
        }),
      ),
    async onSuccess() {
      await onSaved();
      onClose();
    },
  });
  const errors = fieldErrorsOf(saving.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="Edit a queued task">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Title"
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            error={errors.title}
            data-autofocus
          />
          <NumberInput
            label="Priority"
            description="10 runs first"
            min={1}
            max={10}
            value={priority}
            onChange={setPriority}
            error={errors.priority}
          />
          {saving.error && Object.keys(errors).length === 0 && (
            <Notice title="It was not changed">{actWordsOf(saving.error)}</Notice>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button type="submit" loading={saving.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
