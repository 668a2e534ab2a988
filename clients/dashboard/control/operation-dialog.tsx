// How far has a stop come, and what did it not reach?
import { Button, Group, Modal, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { api, wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { count, sayCount } from "../words.ts";

export interface Operation {
  operationId: string;
  scope: string;
  /** Absent while they are not counted, as `remaining` is. */
  total?: number;
  killed: number;
  failed: number;
  remaining?: number;
  finished: boolean;
  errors: { taskId: string; message: string }[];
}

const everyMs = 1_000;

export function OperationDialog({ started, onClose }: { started: Operation; onClose: () => void }) {
  const { data, error } = useQuery({
    queryKey: ["operation", started.operationId],
    initialData: started,
    refetchInterval: ({ state }) => (state.data?.finished ? false : everyMs),
    queryFn: () =>
      ask(
        api.GET("/api/orchestrator/operations/{operationId}", {
          params: { path: { operationId: started.operationId } },
        }),
      ),
  });
  const { failed, finished, errors } = data;
  const share = shareOf(data);
  return (
    <Modal opened onClose={onClose} title={finished ? "Stopped" : "Stopping"}>
      <Stack gap="sm">
        <Text role="status">{sayHowFar(data)}</Text>
        <Progress.Root>
          <Progress.Section value={share} color={failed > 0 ? "orange.7" : "blue.7"} aria-label="Killed so far" />
        </Progress.Root>
        {error && <Notice title="How far it has come is not known">{wordsOf(error)}</Notice>}
        {errors.length > 0 && (
          <Notice title={`${count(errors.length, "task")} could not be killed yet; drover tries again`}>
            <ul>
              {errors.map(({ taskId, message }) => (
                <li key={taskId}>
                  <span className="mono">{taskId}</span>: {message}
                </li>
              ))}
            </ul>
          </Notice>
        )}
        <Text size="xs" c="dimmed">
          {finished
            ? "Whether each sandbox has stopped is said at its task."
            : "It goes on when this is closed, and when this page is."}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function shareOf({ total, killed, failed }: Operation): number {
  if (total === undefined) return 0;
  return total === 0 ? 100 : ((killed + failed) / total) * 100;
}

function sayHowFar({ total, killed, failed, remaining = 0 }: Operation): string {
  if (total === 0) return "Fenced. There was nothing to kill.";
  if (total === undefined)
    return `Fenced. ${count(killed, "task")} killed so far, ${sayCount(failed)} failed; how many there are is not known yet.`;
  return `Fenced. ${sayCount(killed)} of ${count(total, "task")} killed, ${sayCount(failed)} failed, ${sayCount(remaining)} to go.`;
}
