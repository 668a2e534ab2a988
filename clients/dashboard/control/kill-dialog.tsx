// Shall this task be killed? It says what will be stopped, wherever the question comes from.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type TaskSummary } from "../../client.ts";
import { api } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { Marks } from "../parts/status.tsx";

const path = "/api/orchestrator/tasks/{taskId}";

export function KillDialog({ task, onClose }: { task: TaskSummary; onClose: () => void }) {
  const client = useQueryClient();
  const params = { path: { taskId: task.taskId } };
  return (
    <ReasonDialog
      title="Kill this task?"
      act="Kill now"
      onClose={onClose}
      onAct={async (reason) => {
        await ask(api.POST(`${path}/kill`, { params, body: { reason } }));
        await client.invalidateQueries({ queryKey: ["task", task.taskId] });
      }}
    >
      <WhatStops task={task} />
    </ReasonDialog>
  );
}

function WhatStops({ task: known }: { task: TaskSummary }) {
  const { data } = useQuery({
    queryKey: ["task", known.taskId],
    queryFn: () => ask(api.GET(path, { params: { path: { taskId: known.taskId } } })),
  });
  const task = data ?? known;
  const attempt = data?.attempts.at(-1);
  return (
    <>
      <p>
        <strong>{task.title}</strong> is {task.status}, attempt {task.attempt} of {task.maxAttempts}
        {attempt && (
          <>
            , since <Age at={attempt.claimedAt} />
          </>
        )}
        . Its sandbox is stopped without grace, and what it has not pushed is lost.
        {task.status === "publishing" &&
          " It is publishing: the push may have landed already; drover finds out and says so."}
      </p>
      <Marks task={task} />
      {attempt?.sandboxArn && <p className="mono dim wrap">{attempt.sandboxArn}</p>}
    </>
  );
}
