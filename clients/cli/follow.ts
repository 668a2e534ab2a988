// How is a task followed to its end, for people and for programs? Each event once; Ctrl-C leaves the task alone.
import { ask, type Progress, type Task } from "../client.ts";
import type { Cli } from "./cli.ts";
import { CliError, type ExitCode, exitCodes } from "./exit-codes.ts";
import { colourStatus, dim, note, print, printJsonLine, tame } from "./terminal.ts";
import { sayClock, sayDollars, sayDuration, sayEnd, sayEvent } from "./words.ts";

export interface Showing {
  /** What happens to the task, and not only what its agent prints. */
  events: boolean;
}

/** Answers the task as it ended. */
export async function followTask(cli: Cli, taskId: string, showing: Showing): Promise<Task> {
  const { json } = cli;
  const output = createOutput(
    json ? () => undefined : (text) => process.stdout.write(text),
    showing.events ? "│ " : "",
  );
  const following = { ...listenForCtrlC(taskId), onConnection: sayConnection(json) };
  try {
    for await (const event of cli.followTask(taskId, following)) {
      if (json) printJsonLine(event);
      else if (event.kind === "progress") output.take(event.progress);
      else if (event.kind === "audit" && showing.events) {
        output.endLine();
        const { at, from, to } = event.event;
        const status = colourStatus(to, (from === to ? "" : to).padEnd(10));
        print(`${dim(sayClock(at))}  ${status}  ${sayEvent(event.event)}`);
      }
    }
  } finally {
    following.stop();
  }
  if (following.signal.aborted) {
    const how = `Follow it: drover logs -f ${taskId} · stop it: drover kill ${taskId} --reason "…"`;
    throw new CliError(`You have left ${taskId}, and it goes on. ${how}`, exitCodes.interrupted);
  }
  output.endLine();
  return ask(cli.api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }));
}

export function exitCodeOf({ status }: Task): ExitCode {
  if (status === "completed") return exitCodes.done;
  return status === "killed" ? exitCodes.killed : exitCodes.failed;
}

export function printEnd(task: Task): void {
  const { taskId, status, createdAt, updatedAt, spend, pullRequest, warnings } = task;
  const took = sayDuration(Date.parse(updatedAt) - Date.parse(createdAt));
  const cost = spend?.microDollars ? ` for ${sayDollars(spend.microDollars)}` : "";
  print(`\n${colourStatus(status)} after ${took}${cost}: ${sayEnd(task) ?? ""}`);
  if (pullRequest && pullRequest.state !== "open")
    print(`The pull request is ${pullRequest.state}: ${pullRequest.why ?? ""}`);
  for (const warning of warnings ?? []) print(`Mind: ${warning}`);
  if (status === "completed") print(dim(`See it: drover diff ${taskId}`));
  else print(dim(`Look at it: drover logs ${taskId} · again: drover retry ${taskId}`));
}

/** What was missed is said, and where another attempt begins: it may print the same again. */
export function createOutput(write: (text: string) => void, mark: string) {
  let agentId = "";
  let shown = 0;
  let lineIsOpen = false;
  const put = (text: string) => {
    for (const line of text.split(/(?<=\n)/)) {
      write((lineIsOpen ? "" : mark) + line);
      lineIsOpen = !line.endsWith("\n");
    }
  };
  const endLine = () => {
    if (lineIsOpen) put("\n");
  };
  const remark = (text: string) => {
    endLine();
    put(`[… ${text}]\n`);
  };
  return {
    endLine,
    take(progress: Progress): void {
      const { output, outputFrom } = progress;
      if (output === "") return;
      if (progress.agentId !== agentId) {
        if (agentId !== "") remark(`attempt ${progress.agentId.split("_").at(-1)} begins`);
        agentId = progress.agentId;
        shown = 0;
      }
      if (outputFrom > shown) remark(`${outputFrom - shown} characters were not sent; the log has them`);
      const fresh = tame(output);
      if (fresh) put(fresh);
      shown = outputFrom + output.length;
    },
  };
}

/** Another Ctrl-C ends the process as it always does. */
export function listenForCtrlC(what: string): { signal: AbortSignal; stop(): void } {
  const ending = new AbortController();
  const abort = () => ending.abort(new Error(`${what} was left`));
  process.once("SIGINT", abort);
  return { signal: ending.signal, stop: () => void process.off("SIGINT", abort) };
}

export function sayConnection(json: boolean) {
  let lost = false;
  return (state: { connected: true } | { connected: false; why: string }) => {
    if (!state.connected && !lost) note(`The connection was lost (${state.why}); trying again`);
    else if (state.connected && lost && !json) note("Connected again");
    lost = !state.connected;
  };
}
