// Does the limit of the queue hold when many ask at the same moment?
import { expect, it } from "vitest";
import { DroverError } from "../../functions/core/errors.ts";
import { taskRequest } from "../../functions/core/requests.ts";
import { submitTask } from "../../functions/flows/submit-task.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const queueLimit = 10;

function open() {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const cloud = openMemoryCloud(memory, { clock, settings: { queueLimit } });
  const request = taskRequest.parse({
    repository: "https://git.example/acme/shop",
    prompt: "Mend it",
    agent: { kind: "command", command: ["true"] },
  });
  const principal = { keyId: "key_1", principal: "someone", workspace: "default" };
  const submit = () =>
    submitTask(cloud, { principal, request }).then(
      () => "made",
      (error) => (error instanceof DroverError ? error.code : error),
    );
  return { memory, submit };
}

it("forty who ask at the same moment get no more than ten tasks, and the others a reason", async () => {
  const { memory, submit } = open();
  const answers = await Promise.all(Array.from({ length: 40 }, submit));
  const made = answers.filter((answer) => answer === "made").length;
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThanOrEqual(queueLimit);
  expect(memory.rows.size).toBe(made);
  expect(["made", "queue_full", "busy"]).toEqual(expect.arrayContaining([...new Set(answers)]));
});

it("one after the other they fill it to its limit, and the next is refused", async () => {
  const { submit } = open();
  const answers: unknown[] = [];
  for (let n = 0; n <= queueLimit; n += 1) answers.push(await submit());
  expect(answers).toEqual([...Array.from({ length: queueLimit }, () => "made"), "queue_full"]);
});
