// How does one write a part of the cloud without its awaits? As atomic steps; whoever wraps them adds the time between.

type Method = (...args: never[]) => unknown;

/** The same interface with every promise taken off. A new method of the interface is missed by the compiler here. */
export type Sync<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : T[K];
};

/** Names of a class's methods, those that it inherits included. */
export function methodsOf(type: { prototype: object }): string[] {
  const names = new Set<string>();
  for (let at: object = type.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function" && name !== "constructor") names.add(name);
    }
  }
  return [...names].sort();
}

/** The same object with its promises put on again, for those who want it without faults. */
export function makeAsync<T extends object>(part: Sync<T>, methods: string[]): T {
  const target = part as unknown as Record<string, Method>;
  const entries = methods.map((name) => [name, async (...args: never[]) => target[name]?.call(part, ...args)]);
  return Object.fromEntries(entries) as T;
}
