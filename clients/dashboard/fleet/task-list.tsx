// How are a thousand tasks shown? As a list of links, of which only those in sight exist.
import { Button, Text } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { TaskSummary } from "../../client.ts";
import { isEnded } from "../../task-statuses.ts";
import { KillDialog } from "../control/kill-dialog.tsx";
import { Age } from "../parts/age.tsx";
import { isLive } from "../parts/states.ts";
import { Marks, StatusWord } from "../parts/status.tsx";
import { useSigned } from "../session.tsx";
import type { NameOf } from "./filter-tasks.ts";

const rowHeight = 44;

export function TaskList({ tasks, nameOf }: { tasks: TaskSummary[]; nameOf: NameOf }) {
  const { mayActOn } = useSigned();
  const [toKill, setToKill] = useState<TaskSummary>();
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => tasks[index]?.taskId ?? index,
  });
  return (
    <>
      <ul ref={list} className="tasks" aria-label="Tasks" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const task = tasks[index];
          if (!task) return null;
          return (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              aria-setsize={tasks.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <Row
                task={task}
                repository={nameOf(task.repositoryKey)}
                onKill={isLive(task.status) && mayActOn(task) ? setToKill : undefined}
              />
            </li>
          );
        })}
      </ul>
      {toKill && <KillDialog task={toKill} onClose={() => setToKill(undefined)} />}
    </>
  );
}

interface RowProps {
  task: TaskSummary;
  repository: string;
  /** Absent where there is nothing to kill, or nobody who may. */
  onKill: ((task: TaskSummary) => void) | undefined;
}

const Row = memo(function Row({ task, repository, onKill }: RowProps) {
  const { taskId, title, status, priority, labels = [], attempt, maxAttempts } = task;
  return (
    <div className="task-row">
      <Link href={`/tasks/${taskId}`} className={`task task-${status}`}>
        <StatusWord status={status} />
        <span className="task-title">
          <Text component="span" truncate className="task-name">
            {title}
          </Text>
          <Marks task={task} />
        </span>
        <span className="task-where">
          {repository}
          {labels.map((label) => (
            <span key={label} className="label">
              {label}
            </span>
          ))}
        </span>
        <span className="task-priority" title={`Priority ${priority} of 10`}>
          P{priority}
        </span>
        <span className="task-attempt" title={`Attempt ${attempt} of at most ${maxAttempts}`}>
          {attempt > 0 ? `${attempt}/${maxAttempts}` : "–"}
        </span>
        <span className="task-age">
          <Age at={isEnded(status) ? task.updatedAt : task.createdAt} suffix={isEnded(status) ? " ago" : ""} />
        </span>
      </Link>
      {onKill && (
        <Button
          variant="subtle"
          className="danger task-kill"
          aria-label={`Kill: ${title}`}
          onClick={() => onKill(task)}
        >
          Kill
        </Button>
      )}
    </div>
  );
});
