// How often can so many users do something, each as soon as it is done with the time before?

export interface Load {
  users: number;
  ms: number;
}

export interface Done {
  times: number;
  /** Longer than the load by what was under way at its end. */
  ms: number;
}

export async function keepBusy({ users, ms }: Load, act: () => Promise<void>): Promise<Done> {
  const startedAt = performance.now();
  let times = 0;
  const use = async () => {
    while (performance.now() < startedAt + ms) {
      await act();
      times += 1;
    }
  };
  await Promise.all(Array.from({ length: users }, use));
  return { times, ms: performance.now() - startedAt };
}
