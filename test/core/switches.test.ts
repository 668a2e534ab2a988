import { describe, expect, it } from "vitest";
import { chooseSlot, poolsOf } from "../../functions/core/slots.ts";
import {
  applyAct,
  findPaused,
  findStopped,
  formatScope,
  isFenced,
  parseScope,
  type Scope,
  type Switches,
  scopesOf,
  untouched,
} from "../../functions/core/switches.ts";
import { makeTask, now } from "../support/make-task.ts";

const scopes: Scope[] = [{ kind: "global" }, { kind: "workspace", name: "a:b" }, { kind: "backend", name: "x" }];
const task = makeTask();
const open = Object.fromEntries(
  Object.entries(scopesOf(task)).map(([kind, scope]) => [kind, untouched(scope)]),
) as unknown as Switches;

describe("a switch", () => {
  it.each(scopes)("%j is named so that it is found again", (scope) =>
    expect(parseScope(formatScope(scope))).toEqual(scope));

  it("raises its generation at every stop, also at a second one, and never goes back", () => {
    const stop = (from: typeof open.global) => applyAct(from, "stop", "key_1", "why", now);
    const first = stop(open.global);
    if (first.kind === "unchanged") throw new Error(first.why);
    expect(first.next).toMatchObject({ generation: 1, stopped: true, by: "key_1", reason: "why", at: now });
    const second = stop(first.next);
    if (second.kind === "unchanged") throw new Error(second.why);
    expect(second.next.generation).toBe(2);
    expect(applyAct(second.next, "release", "key_1", "ok", now)).toMatchObject({
      next: { generation: 2, stopped: false },
    });
  });

  it("says who stopped it and why, whoever turns it after that", () => {
    const acts = ["stop", "pause", "release", "resume"] as const;
    const last = acts.reduce((one, act, n) => {
      const change = applyAct(one, act, `key_${act}`, `to ${act}`, now + n);
      return change.kind === "changed" ? change.next : one;
    }, open.global);
    expect(last).toMatchObject({ by: "key_resume", reason: "to resume", at: now + 3 });
    expect(last).toMatchObject({ stoppedBy: "key_stop", stopReason: "to stop", stoppedAt: now });
  });

  it.each(["release", "resume"] as const)("%s of an open switch changes nothing and says so", (act) => {
    expect(applyAct(open.global, act, "key_1", "x", now)).toMatchObject({ kind: "unchanged" });
  });

  it.each([
    "global",
    "workspace",
    "backend",
  ] as const)("a stop of %s fences what was admitted before it, for ever", (kind) => {
    const stopped: Switches = { ...open, [kind]: { ...open[kind], generation: 1, stopped: true } };
    expect(isFenced(task, open)).toBe(false);
    expect(isFenced(task, stopped)).toBe(true);
    expect(findStopped(stopped)).toBe(stopped[kind]);
    const released: Switches = { ...open, [kind]: { ...open[kind], generation: 1 } };
    expect(isFenced(task, released)).toBe(true);
    expect(isFenced(makeTask({ admitted: { ...task.admitted, [kind]: 1 } }), released)).toBe(false);
    expect(findStopped(released)).toBeUndefined();
  });

  it("that is paused is found", () => {
    expect(findPaused({ ...open, workspace: { ...open.workspace, paused: true } })?.scope).toBe("workspace:default");
  });
});

describe("slots", () => {
  it("are needed in every pool that has a limit", () => {
    expect(poolsOf(task, { global: 20 })).toEqual([{ name: "global", size: 20 }]);
    const names = poolsOf(task, { global: 20, workspace: 5, backend: 9, repository: 1 }).map(({ name }) => name);
    expect(names).toEqual(["global", "workspace:default", "backend:default", "repository:abcdefabcdef"]);
  });

  it("of a backend are limited by its own limit, where it has one", () => {
    const sizeOf = (own: number | undefined, setting: number | undefined) =>
      poolsOf(task, { global: 20, backend: setting }, own).find(({ name }) => name === "backend:default")?.size;
    expect([sizeOf(2, 9), sizeOf(2, undefined), sizeOf(undefined, 9), sizeOf(undefined, undefined)]).toEqual([
      2,
      2,
      9,
      undefined,
    ]);
  });

  it.each([
    [[], 0, 0],
    [[], 0.99, 2],
    [[0, 2], 0.5, 1],
    [[0, 1, 2], 0.5, undefined],
    [[7], 0, 0],
    [[7], 0.99, 1],
    [[0, 7], 0, 1],
    [[0, 7, 8], 0, undefined],
    [[2, 7], 0.99, 0],
    [[5, 6, 7], 0, undefined],
    [[3, 4, 5, 6, 7], 0, undefined],
  ])("with %j held and chance %d the slot is %s", (held, chance, index) => {
    expect(chooseSlot({ name: "global", size: 3 }, held, chance)?.index).toBe(index);
  });
});
