// How often was it tried, and what became of each try?
import { Table, Text } from "@mantine/core";
import type { Task } from "../../client.ts";
import { sayDuration, sayTime } from "../words.ts";

interface AttemptsProps {
  task: Task;
  shown: number;
  onShow: (attempt: number) => void;
}

export function Attempts({ task: { attempts, maxAttempts, stopConfirmation }, shown, onShow }: AttemptsProps) {
  if (attempts.length === 0) return null;
  return (
    <section className="panel" aria-label="Attempts">
      <h2>
        Attempts <span className="dim">at most {maxAttempts}</span>
      </h2>
      <Table>
        <Table.Tbody>
          {attempts.map(({ attempt, state, claimedAt, endedAt }) => (
            <Table.Tr key={attempt}>
              <Table.Td>
                <button type="button" className="link" aria-pressed={shown === attempt} onClick={() => onShow(attempt)}>
                  #{attempt}
                </button>
              </Table.Td>
              <Table.Td>{state}</Table.Td>
              <Table.Td>{sayTime(claimedAt)}</Table.Td>
              <Table.Td>{endedAt ? sayDuration(Date.parse(endedAt) - Date.parse(claimedAt)) : "goes on"}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {stopConfirmation && (
        <Text size="xs" c="dimmed">
          Nothing of it runs any more: {stopConfirmation.replaceAll("_", " ")}.
        </Text>
      )}
    </section>
  );
}
