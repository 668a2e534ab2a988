import { expect, it } from "vitest";
import {
  describeEnd,
  explainEnd,
  isLaunchOutage,
  type SandboxEnd,
  unansweredExitCode,
} from "../../functions/core/sandbox-end.ts";

const exited = { stopCode: "EssentialContainerExited", stoppedReason: "Essential container in task exited" };

it.each<[string, SandboxEnd, string, string]>([
  [
    "AWS's words for memory",
    {
      ...exited,
      memory: "2048",
      containers: [
        { name: "supervisor", exitCode: 1 },
        { name: "workspace", exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" },
      ],
    },
    "agent_error",
    "The sandbox used more than its 2,048 MB of memory. Have the work take less, or give its sandbox more.",
  ],
  [
    "the reason of a sandbox on one machine",
    {
      ...exited,
      containers: [{ name: "workspace", reason: "DiskLimitError: The sandbox wrote more than its 64 MB of disk." }],
    },
    "agent_error",
    "The sandbox wrote more than its 64 MB of disk. Have the work take less, or give its sandbox more.",
  ],
  [
    "containers that just ended",
    {
      ...exited,
      containers: [
        { name: "supervisor", exitCode: 1 },
        { name: "workspace", exitCode: 0 },
      ],
    },
    "infrastructure",
    "The sandbox stopped before its work was done: EssentialContainerExited; Essential container in task exited; supervisor ended with 1",
  ],
  [
    "a container that could not start",
    { stopCode: "TaskFailedToStart", stoppedReason: "CannotStartContainerError: no" },
    "infrastructure",
    "The sandbox stopped before its work was done: TaskFailedToStart; CannotStartContainerError: no",
  ],
  ["nothing at all", {}, "infrastructure", "The sandbox stopped before its work was done: no reason given"],
])("%s become a failure", (_name, end, failureClass, message) => {
  expect(explainEnd(describeEnd(end))).toEqual({ class: failureClass, message });
});

it.each([
  ["TaskFailedToStart; Timeout waiting for network interface provisioning to complete.", true],
  ["TaskFailedToStart; Capacity is unavailable at this time.", true],
  ["TaskFailedToStart; CannotPullContainerError: pull image manifest: dial tcp: i/o timeout", true],
  ["TaskFailedToStart; CannotPullContainerError: image not found", false],
  ["TaskFailedToStart; CannotStartContainerError: bwrap: no", false],
  ["EssentialContainerExited; timeout", false],
])("an outage that kept a sandbox from starting is told from a mistake: %s", (why, expected) => {
  expect(isLaunchOutage(why)).toBe(expected);
});

it.each([
  ["supervisor", unansweredExitCode, true],
  ["supervisor", 1, false],
  ["workspace", unansweredExitCode, false],
])("only the supervisor can say that nobody answered it: %s ended with %i", (name, exitCode, expected) => {
  expect(isLaunchOutage(describeEnd({ ...exited, containers: [{ name, exitCode }] }))).toBe(expected);
});
