import { expect, it } from "vitest";
import { readEnvironment } from "../../functions/environment.ts";

const least = {
  DROVER_TABLE: "drover",
  DROVER_WAKE_QUEUE_URL: "http://127.0.0.1:1/wake",
  DROVER_NOTIFY_QUEUE_URL: "http://127.0.0.1:1/notify",
  DROVER_ARTIFACTS_BUCKET: "artifacts",
  DROVER_CLUSTER: "drover",
  DROVER_TASK_DEFINITION: "sandbox",
  DROVER_SUBNETS: "subnet-1,subnet-2",
  DROVER_PARAMETERS: "/drover/test",
};

it("a process needs to be told where things are, and knows the rest", () => {
  expect(readEnvironment(least)).toMatchObject({
    DROVER_SUBNETS: ["subnet-1", "subnet-2"],
    DROVER_SECURITY_GROUPS: [],
    DROVER_ASSIGN_PUBLIC_IP: false,
    DROVER_SLOTS: 20,
    DROVER_SLOTS_PER_WORKSPACE: undefined,
    DROVER_PUBLIC_ORIGIN: undefined,
  });
});

it.each([
  ["DROVER_SLOTS", "0", "is not a number above zero"],
  ["DROVER_SLOTS", "many", "is not a number above zero"],
  ["DROVER_SLOTS", "", "is not a number above zero"],
  ["DROVER_SLOTS", "1.5", "is not a whole number above zero"],
  ["DROVER_BEAT_CHARACTERS", "2001", "is above 2000"],
  ["DROVER_WEBHOOKS_BACKOFF_MS", "", "names no wait"],
  ["DROVER_WEBHOOKS_BACKOFF_MS", "200,soon", "is not a number above zero"],
  ["DROVER_ASSIGN_PUBLIC_IP", "maybe", 'is neither "true" nor "false"'],
  ["DROVER_BACKENDS_OPEN", "all", 'is neither "none" nor "loopback"'],
  ["DROVER_INTAKE_WORKSPACE", "No Such", "is not the name of a workspace"],
  ["DROVER_PARAMETERS", "drover", "does not begin with /"],
  ["DROVER_OUTCOME_BUS", "", "is empty"],
  ["DROVER_PUBLIC_ORIGIN", "drover.example.com", "is not a URL"],
])("%s=%s is refused by name: it %s", (name, value, what) => {
  expect(() => readEnvironment({ ...least, [name]: value })).toThrow(`\n  ${name} ${what}`);
});

it("everything that is missing or wrong is named at once", () => {
  const { DROVER_TABLE: _, DROVER_CLUSTER: __, ...rest } = least;
  expect(() => readEnvironment({ ...rest, DROVER_SLOTS: "x" })).toThrow(
    /DROVER_TABLE is missing[\s\S]*DROVER_CLUSTER is missing[\s\S]*DROVER_SLOTS is not/,
  );
});

it.each([
  ["DROVER_LAUNCHES_PER_SECOND", "0.5", 0.5],
  ["DROVER_WEBHOOKS_BACKOFF_MS", "200,300", [200, 300]],
  ["DROVER_ASSIGN_PUBLIC_IP", "TRUE", true],
  ["DROVER_PUBLIC_ORIGIN", "https://drover.example.com/x?y", "https://drover.example.com"],
])("%s=%s is read", (name, value, read) => {
  expect(readEnvironment({ ...least, [name]: value })).toMatchObject({ [name]: read });
});
