// How does the page say times, sizes and money? Short, the same everywhere.

export function sayAge(fromMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - fromMs) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

export function sayDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms % 60_000) / 1000);
  if (minutes < 60) return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const sayMoney = (microDollars: number) =>
  `$${(microDollars / 1_000_000).toFixed(microDollars > 0 && microDollars < 10_000 ? 4 : 2)}`;

export const sayCount = (count: number) => count.toLocaleString("en");

export function sayTokens(count: number): string {
  if (count < 10_000) return sayCount(count);
  return count < 1_000_000 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

export const sayMoment = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const sayTime = (iso: string) => new Date(iso).toLocaleTimeString(undefined, { hour12: false });

/** `work_done` → "work done". */
export const plain = (code: string) => code.replaceAll("_", " ");

export const count = (n: number, one: string, many = `${one}s`) => `${sayCount(n)} ${n === 1 ? one : many}`;

/** `agent:…` is the attempt that a page is about; an id is long, and its end tells it apart. */
export function sayWho(by: string): string {
  if (by.startsWith("agent:")) return `attempt ${by.slice(by.lastIndexOf("_") + 1)}`;
  const [prefix = "", id = ""] = by.split("_");
  const what = whoWords[prefix];
  return what && id ? `${what} …${id.slice(-6)}` : by.replace("system:", "");
}

const whoWords: Record<string, string> = { key: "key", src: "source", sch: "schedule" };
