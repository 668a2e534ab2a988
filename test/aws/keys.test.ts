import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as keys from "../../functions/aws/keys.ts";
import { makeTask, now } from "../support/make-task.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/table.md"), "utf8");
const taskId = "tsk_01K0000000000000000000000A";

describe("docs/table.md", () => {
  it("names every index with its keys", () => {
    for (const { name, pk, sk } of Object.values(keys.indexes)) {
      expect(page).toMatch(new RegExp(`\\| \`${name}\` \\| \`${pk}\`.*\\| \`${sk}\``));
    }
  });

  it.each([
    ["task", keys.taskKey(taskId)],
    ["spec", keys.specKey(taskId)],
    ["event n", keys.eventKey(taskId, 7)],
    ["attempt n", keys.attemptKey(`agt_${taskId.slice(4)}_7`)],
    ["slot n", keys.slotKey({ pool: "global", index: 7 })],
    ["switch", keys.switchKey({ kind: "global" })],
    ["turns of switches", keys.switchTurnsKey],
    ["counter", keys.counterKey("w", 3)],
    ["hour", keys.hourKey("w", 7, 3)],
    ["act n", keys.actKey("global", 7)],
    ["backend", keys.backendKey("gpu")],
    ["backend's health", keys.backendHealthKey("gpu")],
    ["chain head", keys.chainHeadKey("global")],
    ["workspace", keys.workspaceKey("w")],
    ["owed notice", keys.owedKey({ taskId, eventId: "evt_1" })],
    ["webhook", keys.webhookKey("w", "whk_1")],
    ["schedule", keys.scheduleKey("w", "sch_1")],
    ["source", keys.sourceKey("src_1")],
    ["delivery", keys.deliveryKey("dlv_1_2_failed")],
    ["API key", keys.apiKeyKey("key_1")],
    ["intake outcome", keys.intakeOutcomeKey("w", "m")],
    ["idempotency record", keys.idempotencyKey("w", "k")],
  ])("describes the key of a %s", (name, { pk, sk }) => {
    const row = page.split("\n").find((line) => line.startsWith(`| ${name} |`));
    const stem = (key: string) => key.replace(/(tsk_|key_|whk_|src_|sch_).*/, "$1").replace(/#.*/, "#");
    expect(row).toContain(`\`${stem(pk)}`);
    if (/^(task|spec|key|source)$|#/.test(sk)) expect(row).toContain(`\`${stem(sk)}`);
    expect(row).toContain(sk.includes("0000000007") ? "10 digits" : sk.endsWith("000007") ? "6 digits" : "");
  });
});

describe("index keys", () => {
  const ready = (over: object) => keys.taskIndexKeys(makeTask({ status: "queued", ...over })).readySk ?? "";

  it("order ready tasks by priority, 10 first, then by age", () => {
    const order = [
      ready({ priority: 10, createdAt: now }),
      ready({ priority: 9, createdAt: now - 5 }),
      ready({ priority: 9, createdAt: now }),
      ready({ priority: 1, createdAt: now - 99_999_999 }),
    ];
    expect([...order].sort()).toEqual(order);
  });

  it("keep a task out of the ready index while it waits, and once it is claimed", () => {
    expect(keys.taskIndexKeys(makeTask({ status: "queued", due: { kind: "ready", at: now } }))).not.toHaveProperty(
      "readyPk",
    );
    expect(keys.taskIndexKeys(makeTask({ status: "launching" }))).not.toHaveProperty("readyPk");
  });

  it("find what is due at a moment, and nothing that is due later", () => {
    const at = (time: number) => keys.dueSortKey(time, { taskId, workspace: "w" });
    expect(at(now) <= keys.dueUntil(now)).toBe(true);
    expect(at(now + 1) <= keys.dueUntil(now)).toBe(false);
  });
});
