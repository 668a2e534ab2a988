// How does EventBridge Scheduler run on this machine? One job, every so often, never twice at once.

export interface ScheduleOptions {
  everyMs: number;
  run(): Promise<void>;
  /** Told of every scheduled run that failed; the next one comes as planned. */
  onError(error: unknown): void;
}

export interface Schedule {
  /** Runs now, or right after the run that is under way, so that it has seen all that was there at the call. */
  runNow(): Promise<void>;
  /** No run begins any more; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** The first run comes after `everyMs`. A time that comes during a run is left out, not made up for. */
export function startSchedule({ everyMs, run, onError }: ScheduleOptions): Schedule {
  let underWay: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let isStopped = false;

  function begin(): Promise<void> {
    const running = Promise.resolve()
      .then(run)
      .finally(() => {
        underWay = undefined;
      });
    underWay = running;
    return running;
  }

  const timer = setInterval(() => {
    if (!underWay && !next) begin().catch(onError);
  }, everyMs);

  async function afterCurrent(): Promise<void> {
    // Its failure is its own caller's business.
    await Promise.allSettled([underWay]);
    next = undefined;
    if (isStopped) throw new Error("The schedule was stopped.");
    await begin();
  }

  return {
    runNow: () => {
      next ??= afterCurrent();
      return next;
    },
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await Promise.allSettled([next, underWay]);
    },
  };
}
