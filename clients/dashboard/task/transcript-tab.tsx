// What did the agent and its model say to each other?
import { useQuery } from "@tanstack/react-query";
import { wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { ScrollText } from "../parts/scroll-text.tsx";
import { readArtifact } from "./artifact.ts";

export function TranscriptTab({ taskId, attempt, version }: { taskId: string; attempt: number; version: number }) {
  const { data, error, isFetching } = useQuery({
    queryKey: ["artifact", taskId, "transcript", attempt, version],
    queryFn: () => readArtifact(taskId, "transcript", attempt),
    placeholderData: (before) => before,
  });
  if (error) return <Notice title="The transcript cannot be read">{wordsOf(error)}</Notice>;
  if (!data) return <div className="nothing">{isFetching ? "Reading the transcript…" : "No transcript yet."}</div>;
  return <ScrollText label="Transcript" text={data} />;
}
