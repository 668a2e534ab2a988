// What is one task, what does it do now, and what has it done?
import { Anchor, Group, Stack, Tabs, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Link } from "wouter";
import { ask } from "../../client.ts";
import { api, wordsOf } from "../drover.ts";
import { sayCommand } from "../new-task/change-request.ts";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { ScrollText } from "../parts/scroll-text.tsx";
import { Marks, StatusWord } from "../parts/status.tsx";
import { useTitle } from "../parts/use-title.ts";
import { useWho } from "../parts/use-who.ts";
import { Actions } from "./actions.tsx";
import { Attempts } from "./attempts.tsx";
import { Budget } from "./budget.tsx";
import { Comment } from "./comment.tsx";
import { Facts } from "./facts.tsx";
import { GatesTab } from "./gates-tab.tsx";
import { LogView } from "./log-view.tsx";
import { Messages } from "./messages.tsx";
import { Timeline } from "./timeline.tsx";
import { TranscriptTab } from "./transcript-tab.tsx";
import { useTaskFeed } from "./use-task-feed.ts";

const DiffTab = lazy(async () => ({ default: (await import("./diff-tab.tsx")).DiffTab }));

export function TaskPage({ taskId }: { taskId: string }) {
  const feed = useTaskFeed(taskId);
  const who = useWho();
  const [chosen, setChosen] = useState<number>();
  const { data: task, error } = useQuery({
    queryKey: ["task", taskId],
    queryFn: () => ask(api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } })),
  });
  useTitle(task?.title ?? "Task");
  if (!task) {
    if (!error) return <div className="nothing">Reading the task…</div>;
    return (
      <Notice title="The task cannot be shown">
        {wordsOf(error)} <Link href="/">Back to the fleet</Link>
      </Notice>
    );
  }
  const attempt = chosen ?? task.attempt;
  const isModel = task.agent.kind === "model";
  const spend = feed.progress?.spend ?? task.spend;
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start" gap="xs">
        <div className="task-head">
          <Anchor component={Link} href="/" size="xs">
            ← Fleet
          </Anchor>
          <Title order={1}>{task.title}</Title>
          <Group gap="sm">
            <StatusWord status={task.status} />
            <Marks task={task} />
            <Text size="xs" c="dimmed" className="mono">
              {task.taskId}
            </Text>
          </Group>
        </div>
        <Actions task={task} />
      </Group>
      {feed.lost && (
        <Notice
          tone="warn"
          title="Disconnected"
          aside={<Age at={new Date(feed.lost.since).toISOString()} suffix=" ago" />}
        >
          {feed.lost.why}. The page tries again by itself, and goes on without a gap.
        </Notice>
      )}
      {feed.refused && <Notice title="The task cannot be followed">{feed.refused.message}</Notice>}
      {task.killed && (
        <Notice title={`Killed by ${who(task.killed.by)} while ${task.killed.from}`}>
          <q>{task.killed.reason}</q>
          {!task.stopConfirmation && " Its sandbox is being stopped; that is not confirmed yet."}
        </Notice>
      )}
      {task.failure && <Notice title="Failed">{task.failure.message}</Notice>}
      {task.warnings?.map((warning) => (
        <Notice key={warning} tone="warn" title={warning} />
      ))}
      <Facts task={task} events={feed.events} />
      <div className="task-columns">
        <Tabs defaultValue="log" keepMounted={false} className="panel">
          <Tabs.List aria-label="What it has left behind" mb="xs">
            <Tabs.Tab value="log">Log</Tabs.Tab>
            <Tabs.Tab value="diff">Diff</Tabs.Tab>
            <Tabs.Tab value="gates">Gates</Tabs.Tab>
            {isModel && <Tabs.Tab value="transcript">Transcript</Tabs.Tab>}
            <Tabs.Tab value="prompt">Prompt</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="log">
            <LogView taskId={taskId} attempt={attempt} isCurrent={attempt === task.attempt} feed={feed} />
          </Tabs.Panel>
          <Tabs.Panel value="diff">
            <Suspense fallback={<div className="nothing">Reading the diff…</div>}>
              <DiffTab taskId={taskId} attempt={attempt} version={task.version} />
            </Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="gates">
            <GatesTab task={task} attempt={attempt} />
          </Tabs.Panel>
          <Tabs.Panel value="transcript">
            <TranscriptTab taskId={taskId} attempt={attempt} version={task.version} />
          </Tabs.Panel>
          <Tabs.Panel value="prompt">
            <pre className="words">{task.prompt}</pre>
            {task.agent.kind === "command" && <ScrollText label="Command" text={sayCommand(task.agent.command)} />}
          </Tabs.Panel>
        </Tabs>
        <Stack gap="sm">
          <Timeline events={feed.events} />
          <Budget task={task} spend={spend} />
          <Attempts task={task} shown={attempt} onShow={setChosen} />
          {isModel && <Messages task={task} />}
          {task.issue && <Comment task={task} />}
        </Stack>
      </div>
    </Stack>
  );
}
