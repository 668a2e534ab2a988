// Does whoever follows a fleet see all of it, also in a burst of which the index shows a part late?
import { expect, it } from "vitest";
import { formatApiKey, hashSecret } from "../../functions/api/auth.ts";
import { createStreamApp } from "../../functions/api/stream-app.ts";
import type { EventId } from "../../functions/core/ids.ts";
import type { Table } from "../../functions/core/table.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { makeAsync, methodsOf } from "../simulation/cloud/sync.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const keyId = "key_00000000000000000000000001";
const secret = "s".repeat(43);
const workspace = "default";

/** As many tasks as that, created 10 ms after one another until now; what the index shows at once, and what it shows later. */
function open(tasks: number, late: { nth: number; shownAfterMs: number }) {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const createdBy = keyId;
  memory.apiKeys.set(keyId, {
    ...{ keyId, name: "me", principal: "me", secretHash: hashSecret(secret) },
    ...{ workspace, role: "member", createdAt: now },
  });
  const eventIds: EventId[] = [];
  for (let n = 0; n < tasks; n += 1) {
    const creation = makeCreation({ workspace, createdBy });
    const event = { ...creation.event, at: now - 10 * (tasks - n) };
    memory.createTask({ ...creation, event });
    eventIds.push(event.eventId);
  }
  const table = makeAsync<Table>(memory, methodsOf(MemoryTable));
  const isShown = (eventId: EventId) => eventId !== eventIds[late.nth] || clock.now() >= now + late.shownAfterMs;
  const listFeed: Table["listFeed"] = async (name, from, until, limit) =>
    (await table.listFeed(name, from, until, tasks)).filter(({ eventId }) => isShown(eventId)).slice(0, limit);
  const cloud = openMemoryCloud(memory, { clock, table: { ...table, listFeed }, settings: { streamMs: 20_000 } });
  return { app: createStreamApp(async () => cloud), eventIds };
}

it("an event that the index shows after more than a page of younger ones is sent all the same, and each event once", async () => {
  const { app, eventIds } = open(450, { nth: 100, shownAfterMs: 1_200 });
  const headers = { "X-API-Key": formatApiKey(keyId, secret) };
  const text = await (await app.request("/api/orchestrator/agents/events", { headers })).text();
  const sent = [...text.matchAll(/^id: \d{13}-(evt_\w+)$/gm)].map(([, id]) => id);
  expect(sent).toHaveLength(eventIds.length);
  expect(new Set(sent)).toEqual(new Set(eventIds));
  expect(sent.at(-1)).toBe(eventIds[100]);
});
