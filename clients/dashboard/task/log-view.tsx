// What has an attempt printed? The uploaded log, and what comes in while one looks; it stays at the end unless one scrolls up.
import { Anchor, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { ScrollText } from "../parts/scroll-text.tsx";
import { count } from "../words.ts";
import { readArtifact } from "./artifact.ts";
import { foldLimits } from "./fold-limits.ts";
import { joinOutput, type TaskFeed } from "./task-feed.ts";

/** A browser shows this much text without effort; the rest is one link away. */
const maxCharacters = 300_000;
const lookAgainMs = 5_000;

interface LogViewProps {
  taskId: string;
  attempt: number;
  isCurrent: boolean;
  feed: TaskFeed;
}

export function LogView({ taskId, attempt, isCurrent, feed }: LogViewProps) {
  const isLive = isCurrent && !feed.ended;
  const [wantsLog, setWantsLog] = useState(false);
  const log = useQuery({
    queryKey: ["artifact", taskId, "log", attempt, feed.ended],
    enabled: attempt > 0,
    // The log of a live attempt grows by uploads; what is heard live fills the time between them.
    refetchInterval: isLive && wantsLog ? lookAgainMs : false,
    queryFn: () => readArtifact(taskId, "log", attempt),
  });
  const { text, hasGap } = joinOutput(log.data ?? "", isCurrent ? feed.pieces : []);
  useEffect(() => setWantsLog(hasGap), [hasGap]);
  const { limits, rest } = foldLimits(text);
  const shown = rest.slice(-maxCharacters);
  return (
    <section aria-label="Log">
      <Group justify="space-between" mb={4}>
        <Text size="xs" c="dimmed">
          {isLive ? (feed.progress?.step ?? "waiting for the first sign of life") : `Attempt ${attempt}`}
          {shown.length < rest.length && ` · the last ${maxCharacters / 1_000}k characters`}
        </Text>
        {attempt > 0 && log.data !== null && (
          <Anchor size="xs" href={`/api/orchestrator/tasks/${taskId}/log?attempt=${attempt}`} target="_blank">
            Whole log as text
          </Anchor>
        )}
      </Group>
      {log.error && (
        <Notice title="The log cannot be read" onRetry={() => void log.refetch()}>
          {wordsOf(log.error)}
        </Notice>
      )}
      {limits.length > 0 && (
        <details className="evidence">
          <summary>{count(limits.length, "limit")} of this sandbox</summary>
          <ul>
            {limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </details>
      )}
      {shown !== "" && <ScrollText label="Output" text={shown} followsEnd={isLive} />}
      {shown === "" && !log.error && (
        <div className="nothing">
          {log.isFetching ? "Reading the log…" : isLive ? "Nothing printed yet." : "It has left no log."}
        </div>
      )}
    </section>
  );
}
