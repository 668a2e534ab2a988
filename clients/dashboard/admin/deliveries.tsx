// What was sent, and did it arrive? The deliveries of a webhook, or of the comment on a task's issue.
import { Button, Table, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import type { paths } from "../../client.ts";
import { actWordsOf, wordsOf } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { sayDuration } from "../words.ts";

type Answer =
  paths["/api/orchestrator/tasks/{taskId}/deliveries"]["get"]["responses"][200]["content"]["application/json"];
type Delivery = Answer["deliveries"][number];

const lookAgainMs = 3_000;

interface DeliveriesProps {
  /** Whose they are. */
  receiver: string;
  read: (cursor: string | undefined) => Promise<Answer>;
  /** Absent for those who may not. */
  sendAgain: ((deliveryId: string) => Promise<unknown>) | undefined;
  empty: string;
}

export function Deliveries({ receiver, read, sendAgain, empty }: DeliveriesProps) {
  const client = useQueryClient();
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["deliveries", receiver],
    refetchInterval: lookAgainMs,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => read(pageParam),
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const sending = useMutation({
    mutationFn: async (deliveryId: string) => sendAgain?.(deliveryId),
    onSuccess: () => client.invalidateQueries({ queryKey: ["deliveries", receiver] }),
  });
  if (error) return <Notice title="The deliveries cannot be read">{wordsOf(error)}</Notice>;
  if (!data) return <Text c="dimmed">Reading the deliveries…</Text>;
  const deliveries = data.pages.flatMap((page) => page.deliveries);
  if (deliveries.length === 0) return <Text c="dimmed">{empty}</Text>;
  return (
    <>
      {sending.error && <Notice title="It was not sent again">{actWordsOf(sending.error)}</Notice>}
      <Table aria-label="Deliveries" className="deliveries">
        <Table.Tbody>
          {deliveries.map((delivery) => (
            <Table.Tr key={delivery.deliveryId}>
              <Table.Td className={delivery.state === "failed" ? "danger" : ""}>{delivery.state}</Table.Td>
              <Table.Td>
                <Link href={`/tasks/${delivery.taskId}`}>{delivery.type}</Link>
              </Table.Td>
              <Table.Td>{sayTries(delivery)}</Table.Td>
              <Table.Td className="nowrap">
                <Age at={delivery.createdAt} suffix=" ago" />
              </Table.Td>
              <Table.Td ta="right">
                {sendAgain && (
                  <Button
                    variant="default"
                    loading={sending.isPending && sending.variables === delivery.deliveryId}
                    onClick={() => sending.mutate(delivery.deliveryId)}
                  >
                    Send again
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {hasNextPage && (
        <Button variant="default" mt="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Load older ones
        </Button>
      )}
    </>
  );
}

function sayTries({ tries, attempts, maxAttempts }: Delivery): string {
  const last = tries.at(-1);
  if (!last) return "not tried yet";
  return `${last.status ?? last.why ?? "no answer"} in ${sayDuration(last.durationMs)}, try ${attempts} of ${maxAttempts}`;
}
