// `npm start` as a user runs it: the script in a process of its own, with what it prints.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { until } from "./stack.ts";

export interface Started {
  /** To the script itself: bubblewrap around it would die of it, and take the script along unheard. */
  signal(name: NodeJS.Signals): void;
  /** Everything printed so far, both streams. */
  said(): string;
  exited: Promise<number | null>;
}

/** As an ordinary user of a machine that bans user namespaces: bubblewrap itself can make that ban, for what it runs. */
const banNamespaces = [
  "bwrap",
  "--dev-bind",
  "/",
  "/",
  "--unshare-user",
  "--die-with-parent",
  "--disable-userns",
  "--uid",
  "1000",
  "--gid",
  "1000",
];

export function runStart(args: string[], options: { namespacesBanned?: boolean } = {}): Started {
  const script = resolve(import.meta.dirname, "../../scripts/start.ts");
  const command = [...(options.namespacesBanned ? banNamespaces : []), process.execPath, script, ...args];
  const child = spawn(command[0] as string, command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const pid = () => Number(options.namespacesBanned ? childrenOf(child)[0] : child.pid);
  const signal = (name: NodeJS.Signals) => void (child.exitCode === null && process.kill(pid(), name));
  return { signal, said: () => said, exited: once(child, "exit").then(([code]) => code as number | null) };
}

const childrenOf = ({ pid }: ChildProcess) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");

/** The API's address and key, once it says that it is up. */
export const untilUp = ({ said }: Started) =>
  until("drover is up", async () => {
    const url = /drover is up: (\S+)/.exec(said())?.[1];
    const apiKey = /API key: (\S+)/.exec(said())?.[1];
    return url && apiKey ? { url, apiKey } : undefined;
  });
