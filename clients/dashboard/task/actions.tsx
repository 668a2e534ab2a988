// What may one do with a task? Kill it while it lives, withdraw or change it while it waits, ask again once it has failed.
import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { ask, type Task } from "../../client.ts";
import { KillDialog } from "../control/kill-dialog.tsx";
import { actWordsOf, api } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { isLive } from "../parts/states.ts";
import { useSigned } from "../session.tsx";
import { EditDialog } from "./edit-dialog.tsx";

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
