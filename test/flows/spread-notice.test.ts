// A task has ended, and the outcome bus does not take it: who has to wait for that?
import { expect, it } from "vitest";
import type { NoticeMessage } from "../../functions/core/notices.ts";
import { spreadNotice } from "../../functions/flows/spread-notice.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { openMemoryCloud, startClock } from "../support/memory-cloud.ts";

it("a bus that is silent keeps neither webhooks nor the comment nor the pull request waiting, and is told itself later", async () => {
  const clock = startClock(now);
  const memory = new MemoryTable(clock.now);
  const sent: NoticeMessage[] = [];
  const told: string[] = [];
  let isOut = true;
  const cloud = openMemoryCloud(memory, {
    clock,
    noticeQueue: { send: async (messages) => void sent.push(...messages) },
    outcomeBus: {
      async publish(notices) {
        if (isOut) throw new Error("no answer");
        told.push(...notices.map(({ messageId }) => messageId));
        return [];
      },
    },
  });
  const creation = makeCreation({
    ...{ status: "completed", issue: { number: 7 }, workspace: "w" },
    due: { kind: "pull_request", at: now },
  });
  const { taskId, workspace, lastEventId: eventId } = creation.task;
  memory.createTask(creation);
  const owed = { taskId, workspace, eventId, status: "completed", escalated: false, at: now } as const;
  memory.notices.owed.set(eventId, owed);
  const webhook = { workspace, url: "https://hooks.example/", events: ["task.completed" as const], createdBy: "key_1" };
  memory.notices.webhooks.set("whk_A", { ...webhook, webhookId: "whk_A", createdAt: now });

  await expect(spreadNotice(cloud, taskId)).rejects.toThrow("no answer");
  const deliveries = [...memory.notices.deliveries.keys()];
  expect(deliveries).toHaveLength(2);
  expect(sent).toEqual([...deliveries.map((deliveryId) => ({ deliveryId })), { pullRequestOf: taskId }]);
  expect(memory.notices.owed.size).toBe(1);

  isOut = false;
  await spreadNotice(cloud, taskId);
  expect(told).toEqual([`${eventId}_completed`]);
  expect([memory.notices.deliveries.size, memory.notices.owed.size]).toEqual([2, 0]);
});
