// What does the whole fleet do? Counts, plots, what is stopped, the backends, and every task, live.
import { Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import { Link } from "wouter";
import { ask } from "../../client.ts";
import { Controls } from "../control/controls.tsx";
import { api, wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";
import { count } from "../words.ts";
import { BackendsStrip } from "./backends-strip.tsx";
import { type Filter, filterTasks, noFilter, type Group as StatusGroup } from "./filter-tasks.ts";
import { Filters } from "./filters.tsx";
import { QuotaNotice } from "./quota-notice.tsx";
import { useRepositoryNames } from "./repository-names.ts";
import { TaskList } from "./task-list.tsx";
import { useCounts } from "./use-counts.ts";
import { useFleet, useFleetStore } from "./use-fleet.tsx";

const Plots = lazy(async () => ({ default: (await import("./plots.tsx")).Plots }));
const pageSize = 100;

export function FleetPage() {
  const { workspace } = useSigned();
  const { tasks, connection } = useFleet();
  const [filter, setFilter] = useState<Filter>(noFilter);
  const nameOf = useRepositoryNames(tasks);
  const shown = useDeferredValue(filter);
  const list = useMemo(() => filterTasks(tasks.values(), shown, nameOf), [tasks, shown, nameOf]);
  const counts = useCounts();
  const older = useOlderTasks(filter.group);
  const isEmpty = list.length === 0 && !older.isFetching && connection.kind === "connected";
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <Title order={1}>
          Fleet{" "}
          <Text component="span" c="dimmed">
            {workspace}
          </Text>
        </Title>
        <Group gap="xs">
          <Button component={Link} href="/new">
            New task
          </Button>
          <Controls counts={counts.data} />
        </Group>
      </Group>
      {connection.kind === "refused" && <Notice title="The fleet cannot be followed">{connection.why}</Notice>}
      <QuotaNotice />
      {counts.error && <Notice title="The counts cannot be read">{wordsOf(counts.error)}</Notice>}
      <div className="overview">
        <Suspense fallback={<div className="plot" />}>
          <Plots samples={counts.data?.samples ?? []} />
        </Suspense>
        <BackendsStrip />
      </div>
      <Filters filter={filter} onChange={setFilter} tasks={tasks} counts={counts.data} nameOf={nameOf} />
      {isEmpty ? (
        <Nothing isAll={tasks.size === 0} onAll={() => setFilter(noFilter)} />
      ) : (
        <TaskList tasks={list} nameOf={nameOf} />
      )}
      <Group justify="center" gap="sm" className="list-end">
        <Text size="xs" c="dimmed">
          {count(list.length, "task")} shown
        </Text>
        {older.hasNextPage && (
          <Button variant="default" loading={older.isFetching} onClick={() => void older.fetchNextPage()}>
            Load older tasks
          </Button>
        )}
        {older.isPending && <Loader size="xs" aria-label="Loading tasks" />}
      </Group>
      {older.error && (
        <Notice title="Older tasks cannot be read" onRetry={() => void older.refetch()}>
          {wordsOf(older.error)}
        </Notice>
      )}
    </Stack>
  );
}

/** What the feed does not tell: tasks that had ended before the page was opened. They land in the store. */
function useOlderTasks(group: StatusGroup) {
  const { workspace } = useSigned();
  const store = useFleetStore();
  const ended = group === "completed" || group === "failed" || group === "killed" ? group : undefined;
  return useInfiniteQuery({
    queryKey: ["tasks", workspace, ended ?? "all"],
    initialPageParam: "",
    staleTime: Number.POSITIVE_INFINITY,
    async queryFn({ pageParam: cursor }) {
      const query = { workspace, limit: pageSize, ...(ended && { status: ended }), ...(cursor && { cursor }) };
      const page = await ask(api.GET("/api/orchestrator/tasks", { params: { query } }));
      store.add(page.tasks);
      return page.nextCursor;
    },
    getNextPageParam: (nextCursor) => nextCursor,
  });
}

function Nothing({ isAll, onAll }: { isAll: boolean; onAll: () => void }) {
  if (isAll) {
    return (
      <div className="nothing">
        <Text fw={600}>No tasks yet</Text>
        <Text c="dimmed">Give drover a repository and something to do; it shows up here at once.</Text>
      </div>
    );
  }
  return (
    <div className="nothing">
      <Text>No task matches among those that are loaded.</Text>
      <Button variant="default" onClick={onAll}>
        Show all
      </Button>
    </div>
  );
}
