// How does a page follow one task? From its first event on, and what it shows is read again whenever something has happened.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { drover } from "../drover.ts";
import { emptyFeed, type TaskFeed, takeTaskEvent } from "./task-feed.ts";

const readAgainMs = 250;

export function useTaskFeed(taskId: string): TaskFeed {
  const [feed, setFeed] = useState(emptyFeed);
  const client = useQueryClient();
  useEffect(() => {
    const ending = new AbortController();
    let reading: ReturnType<typeof setTimeout> | undefined;
    const readAgain = () => {
      reading = undefined;
      void client.invalidateQueries({ queryKey: ["task", taskId] });
    };
    const follow = async () => {
      setFeed(emptyFeed);
      const following = drover.followTask(taskId, {
        signal: ending.signal,
        onConnection: (state) =>
          setFeed(({ lost, ...feed }) =>
            state.connected ? feed : { ...feed, lost: { why: state.why, since: lost?.since ?? Date.now() } },
          ),
      });
      try {
        for await (const event of following) {
          setFeed((feed) => takeTaskEvent(feed, event));
          reading ??= setTimeout(readAgain, readAgainMs);
        }
      } catch (error) {
        setFeed((feed) => ({ ...feed, refused: error as Error }));
      }
    };
    void follow();
    return () => {
      ending.abort();
      clearTimeout(reading);
    };
  }, [taskId, client]);
  return feed;
}
