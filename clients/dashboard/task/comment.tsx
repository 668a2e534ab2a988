// Was the issue told how its task has ended? Every try to comment there, and a way to try again.
import { ask, type Task } from "../../client.ts";
import { Deliveries } from "../admin/deliveries.tsx";
import { api } from "../drover.ts";
import { useSigned } from "../session.tsx";

const path = "/api/orchestrator/tasks/{taskId}/deliveries";

export function Comment({ task }: { task: Task }) {
  const { taskId, issue } = task;
  const maySend = useSigned().mayActOn(task);
  return (
    <section className="panel" aria-label="Comment on the issue">
      <h2>Comment on issue #{issue?.number}</h2>
      <Deliveries
        receiver={taskId}
        empty="Nothing was said there yet. It is when the task has ended."
        read={(cursor) => ask(api.GET(path, { params: { path: { taskId }, query: cursor ? { cursor } : {} } }))}
        sendAgain={
          maySend
            ? (deliveryId) =>
                ask(api.POST(`${path}/{deliveryId}/redeliver`, { params: { path: { taskId, deliveryId } } }))
            : undefined
        }
      />
    </section>
  );
}
