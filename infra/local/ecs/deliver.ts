// How does every event arrive at least once? It stays in the task's record until somebody took it.

import { pause } from "../pause.ts";
import type { Ecs } from "./context.ts";
import { saveTask } from "./records.ts";
import type { LiveTask } from "./task.ts";

const firstPauseMs = 50;
const longestPauseMs = 30_000;

/** Delivers what is owed for a task, one event after the other, so that versions arrive in order. */
export function deliverEvents(ecs: Ecs, task: LiveTask): void {
  if (task.delivering) return;
  task.delivering = true;
  void deliverAll(ecs, task);
}

async function deliverAll(ecs: Ecs, task: LiveTask): Promise<void> {
  let pauseMs = firstPauseMs;
  for (let [event] = task.record.undelivered; event; [event] = task.record.undelivered) {
    try {
      await ecs.onStateChange(event);
    } catch (error) {
      // Not swallowed: the event stays owed, here and after a restart.
      console.error(`local ECS: event ${event.detail.version} of task ${task.record.id} was refused`, error);
      await pause(pauseMs, ecs.closed);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      if (ecs.closed.aborted) return;
      continue;
    }
    // Taken, but too late to say so: the next endpoint on this folder delivers it again.
    if (ecs.closed.aborted) return;
    pauseMs = firstPauseMs;
    task.record = { ...task.record, undelivered: task.record.undelivered.slice(1) };
    saveTask(ecs, task);
  }
  task.delivering = false;
}
