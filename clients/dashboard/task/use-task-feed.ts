// How does a page follow one task? From its first event on, and what it shows is read again whenever something has happened.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { drover, noteRefusal } from "../drover.ts";
import { useIsLookedAt } from "../parts/use-is-looked-at.ts";
import { emptyFeed, type TaskFeed, takeTaskEvent } from "./task-feed.ts";

const readAgainMs = 250;

/** Of one task as long as it lives: another task is another component. */
export function useTaskFeed(taskId: string): TaskFeed {
  const [feed, setFeed] = useState(emptyFeed);
  const client = useQueryClient();
  const isLookedAt = useIsLookedAt();
  const last = useRef<{ id?: string; isEnd?: boolean }>({});
  useEffect(() => {
    if (!isLookedAt || last.current.isEnd) return;
    const ending = new AbortController();
    let reading: ReturnType<typeof setTimeout> | undefined;
    const readAgain = () => {
      reading = undefined;
      void client.invalidateQueries({ queryKey: ["task", taskId] });
    };
    const follow = async () => {
      const following = drover.followTask(taskId, {
        signal: ending.signal,
        after: last.current.id,
        onConnection: (state) =>
          setFeed(({ lost, ...feed }) =>
            state.connected ? feed : { ...feed, lost: { why: state.why, since: lost?.since ?? Date.now() } },
          ),
      });
      try {
        for await (const event of following) {
          last.current = { id: event.id, isEnd: event.kind === "end" };
          setFeed((feed) => takeTaskEvent(feed, event));
          reading ??= setTimeout(readAgain, readAgainMs);
        }
      } catch (error) {
        setFeed(({ lost: _, ...feed }) => ({ ...feed, refused: error as Error }));
        noteRefusal(error);
      }
    };
    void follow();
    return () => {
      ending.abort();
      if (reading === undefined) return;
      clearTimeout(reading);
      readAgain();
    };
  }, [taskId, client, isLookedAt]);
  return feed;
}
