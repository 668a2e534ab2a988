// How does a status look? A coloured dot and the word; the word alone says it all.
import { Badge, Group, Tooltip } from "@mantine/core";
import type { TaskSummary } from "../../client.ts";
import { plain, sayWho } from "../words.ts";
import type { Status } from "./states.ts";

export function StatusWord({ status }: { status: Status }) {
  return (
    <span className={`status status-${status}`}>
      <span className="dot" aria-hidden />
      {status}
    </span>
  );
}

interface Mark {
  word: string;
  why: string;
  tone: "bad" | "warn" | "info";
}

/** Its state says that it was killed; this says what by. */
const causes: Record<string, string> = {
  kill: "by hand",
  cancelled: "withdrawn",
  kill_all: "kill all",
  emergency_stop: "emergency stop",
  backend_revoked: "backend revoked",
};

/** What nobody should overlook in a list. */
export function marksOf(task: TaskSummary): Mark[] {
  const marks: (Mark | false | undefined)[] = [
    task.yolo && { word: "YOLO", why: "Its gates are skipped", tone: "warn" },
    task.unconfined && { word: "unconfined", why: "Its sandbox has no isolation", tone: "bad" },
    task.escalated && { word: "escalated", why: "Given up after all tries: a person must look", tone: "bad" },
    task.outcomeOverdue && { word: "outcome overdue", why: task.outcomeOverdue.why, tone: "bad" },
    task.killed && {
      word: causes[task.killed.cause] ?? plain(task.killed.cause),
      why: `${task.killed.reason} (by ${sayWho(task.killed.by)})`,
      tone: "bad",
    },
    task.failure && { word: plain(task.failure.class), why: task.failure.message, tone: "bad" },
    (task.rejections ?? 0) > 0 && {
      word: `${task.rejections} rejected`,
      why: "How often the work went back to the agent",
      tone: "warn",
    },
    task.notBefore !== undefined && { word: "waits", why: `Not before ${task.notBefore}`, tone: "info" },
    task.merges === "conflicts" && { word: "conflicts", why: "Its branch does not merge cleanly", tone: "warn" },
    task.pullRequest?.url !== undefined && {
      word: `PR #${task.pullRequest.number}`,
      why: task.pullRequest.url,
      tone: "info",
    },
  ];
  return marks.filter((mark) => typeof mark === "object");
}

export function Marks({ task }: { task: TaskSummary }) {
  return (
    <Group gap={4} component="span" wrap="wrap">
      {marksOf(task).map(({ word, why, tone }) => (
        <Tooltip key={word} label={why} multiline maw={360}>
          <Badge component="span" variant="outline" size="sm" className={`mark mark-${tone}`}>
            {word}
          </Badge>
        </Tooltip>
      ))}
    </Group>
  );
}
