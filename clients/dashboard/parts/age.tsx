// How long ago was it? Counts on while it is looked at, with one clock for the whole page.
import { useSyncExternalStore } from "react";
import { sayAge, sayMoment } from "../words.ts";

const everyMs = 1_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function listen(onTick: () => void): () => void {
  listeners.add(onTick);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const tell of listeners) tell();
  }, everyMs);
  return () => {
    listeners.delete(onTick);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export const useNow = () => useSyncExternalStore(listen, () => now);

export function Age({ at, suffix = "" }: { at: string; suffix?: string }) {
  const nowMs = Math.max(useNow(), Date.parse(at));
  return (
    <time dateTime={at} title={sayMoment(at)}>
      {sayAge(Date.parse(at), nowMs)}
      {suffix}
    </time>
  );
}
