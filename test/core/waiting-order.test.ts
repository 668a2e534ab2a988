import { expect, it } from "vitest";
import { behindNeighbours, parseWaiting, waitingPosition, waitingUntil } from "../../functions/core/waiting-order.ts";
import { now } from "../support/make-task.ts";

const taskId = "tsk_01K0000000000000000000000A";
const minute = Math.floor(now / 60_000) * 60_000;
const positionAt = (at: number, workspace = "w") => waitingPosition(at, { taskId, workspace });

it("what waits is found in its minute, with its own time, and not before", () => {
  const position = positionAt(minute + 59_999);
  expect(position <= waitingUntil(minute)).toBe(true);
  expect(position <= waitingUntil(minute - 1)).toBe(false);
  expect(parseWaiting(taskId, position)).toEqual({ taskId, workspace: "w", at: minute + 59_999, position });
});

it("behind one stand the other workspaces of its minute, and the later minutes, but no neighbour of it", () => {
  const behind = behindNeighbours(positionAt(minute));
  const others = ["a", "b", "c", "d"].map((workspace) => positionAt(minute, workspace));
  expect(positionAt(minute + 59_999) < behind).toBe(true);
  expect(positionAt(minute + 60_000) > behind).toBe(true);
  for (const other of others) expect(other > behind).toBe(other > positionAt(minute));
});

it("what an older version wrote is understood, and found a minute late at most", () => {
  const position = `${String(now).padStart(13, "0")}#${taskId}#w`;
  expect(parseWaiting(taskId, position)).toEqual({ taskId, workspace: "w", at: now, position });
  expect(position <= waitingUntil(now + 60_000)).toBe(true);
  expect(behindNeighbours(position) > position).toBe(true);
});
