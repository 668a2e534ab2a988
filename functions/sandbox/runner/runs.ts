// Which processes did one command start, where others run beside it, and how do they end without the others?
import { setTimeout as pause } from "node:timers/promises";
import type { RunnerSettings } from "./environment.ts";
import { carriesMark, isOurs, kill, killOthers } from "./kill.ts";
import { listProcesses, withDescendants } from "./processes.ts";

export interface Run {
  /** Variable that its processes carry; undefined where nobody needs it. */
  readonly mark: string | undefined;
  /** What it has started ends when it does. */
  readonly leavesNothing: boolean;
  /** `onKilled`: it goes down with another one. */
  started(pid: number | undefined, onKilled: () => void): void;
  kill(): Promise<void>;
  end(): void;
}

export interface Runs {
  begin(): Run;
}

const confirmMs = 4_000;
const lookAgainMs = 5;
/** A chain of forks can hide from one look: its next link was not there yet, its last one not any more. */
const emptyLooks = 2;

interface Active {
  mark: string;
  pid?: number | undefined;
  onKilled?: () => void;
}

/** With one line there is one command at a time, and a kill takes everything that any of them has left. */
export function openRuns(settings: RunnerSettings): Runs {
  return settings.lineCount === 1 ? openSingle(settings) : openSeveral(settings);
}

function openSingle(settings: RunnerSettings): Runs {
  const mark = settings.confined ? undefined : settings.mark;
  const nothing = () => undefined;
  return {
    begin: () => ({ mark, leavesNothing: false, started: nothing, kill: () => killOthers(settings), end: nothing }),
  };
}

function openSeveral(settings: RunnerSettings): Runs {
  const active = new Set<Active>();
  let count = 0;

  /** What cannot be ended apart from the others takes them along: nothing may be left of a command that was killed. */
  async function killAll(): Promise<void> {
    for (const run of active) run.onKilled?.();
    await killOthers(settings);
  }

  async function killOne(run: Active): Promise<void> {
    const giveUpAt = performance.now() + confirmMs;
    for (let empty = 0; empty < emptyLooks; ) {
      const left = listMembers(run, active, settings);
      for (const pid of left) kill(pid);
      if (performance.now() > giveUpAt) return killAll();
      empty = left.length === 0 ? empty + 1 : 0;
      await pause(lookAgainMs);
    }
  }

  return {
    begin() {
      const run: Active = { mark: `${settings.mark}.${++count}.` };
      active.add(run);
      let killing: Promise<void> | undefined;
      return {
        mark: run.mark,
        leavesNothing: true,
        started: (pid, onKilled) => void Object.assign(run, { pid, onKilled }),
        kill: () => (killing ??= killOne(run)),
        end: () => void active.delete(run),
      };
    },
  };
}

/**
 * Its session, whoever carries its mark, and their descendants. A daemon that shed all of these belongs to nobody any
 * more, and in a namespace of our own it goes with whichever command ends first.
 */
function listMembers(run: Active, active: ReadonlySet<Active>, { confined }: RunnerSettings): number[] {
  const seen = listProcesses();
  const isOf = (one: Active) => (process_: (typeof seen)[number]) =>
    process_.pid === one.pid || process_.session === one.pid || carriesMark(process_.pid, one.mark);
  const groupOf = (one: Active) =>
    withDescendants(
      seen.filter(isOf(one)).map(({ pid }) => pid),
      seen,
    );
  const members = groupOf(run);
  if (!confined) return [...members];
  const known = withDescendants([process.pid], seen);
  for (const one of active) if (one !== run) for (const pid of groupOf(one)) known.add(pid);
  return seen.map(({ pid }) => pid).filter((pid) => members.has(pid) || !(known.has(pid) || isOurs(pid)));
}
