// How is code loaded that most processes never run? By the first call of what it is for.

type Asynchronous<T> = { [Name in keyof T]: (...args: never[]) => Promise<unknown> };

/** Stands for what `load` answers. All of its methods answer promises, so that nobody sees the difference. */
export function later<T extends Asynchronous<T>>(load: () => Promise<T>): T {
  let loaded: Promise<T> | undefined;
  const call = async (name: keyof T, args: never[]) => {
    loaded ??= load();
    return (await loaded)[name](...args);
  };
  return new Proxy({} as T, {
    // With a `then` it would be taken for a promise of itself.
    get: (_, name) => (name === "then" ? undefined : (...args: never[]) => call(name as keyof T, args)),
  });
}
