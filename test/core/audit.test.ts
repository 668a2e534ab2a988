import { describe, expect, it } from "vitest";
import { type AuditEvent, canonicalJson, findBreak, hashEvent } from "../../functions/core/audit.ts";

function chain(length: number): AuditEvent[] {
  const events: AuditEvent[] = [];
  for (let version = 1; version <= length; version += 1) {
    const unhashed = {
      eventId: `evt_${version}` as const,
      taskId: "tsk_1" as const,
      version,
      type: "started",
      at: version,
      by: "system:test",
      to: "running" as const,
      data: { n: version, nested: { b: 1, a: 2 } },
      previousHash: events.at(-1)?.hash ?? "",
    };
    events.push({ ...unhashed, hash: hashEvent(unhashed) });
  }
  return events;
}

describe("the audit chain", () => {
  it("holds for events as they were written", () => expect(findBreak(chain(5))).toBeUndefined());

  it("does not depend on the order of keys", () => {
    expect(canonicalJson({ b: 1, a: { d: 1, c: undefined } })).toBe('{"a":{"d":1},"b":1}');
  });

  it.each([
    ["numbers among the keys", '{"b":1,"10":2,"9":3}', '{"9":3,"10":2,"b":1}'],
    [
      "a key that is the name of the prototype",
      '{"b":1,"__proto__":{"d":1,"c":2}}',
      '{"__proto__":{"c":2,"d":1},"b":1}',
    ],
    ["lists and nothing", '[{"b":[null,{"d":1,"c":[]}],"a":null}]', '[{"a":null,"b":[null,{"c":[],"d":1}]}]'],
    [
      "more keys than are sorted by insertion",
      JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${99 - n}`, n]))),
      JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${40 + n}`, 59 - n]))),
    ],
    ["text that needs escapes", '{"b\\"":"\\u2028\\n\\ud800"}', JSON.stringify({ 'b"': "\u2028\n\ud800" })],
  ])("keeps everything, in one order: %s", (_name, given, expected) => {
    expect(canonicalJson(JSON.parse(given))).toBe(expected);
  });

  const tamper: [string, (events: AuditEvent[]) => AuditEvent[], number][] = [
    ["an edited fact", (e) => e.map((x) => (x.version === 3 ? { ...x, data: { n: 4 } } : x)), 3],
    ["an edited time", (e) => e.map((x) => (x.version === 2 ? { ...x, at: 99 } : x)), 2],
    ["a missing event", (e) => e.filter((x) => x.version !== 2), 2],
    ["a missing first event", (e) => e.slice(1), 1],
    ["two events swapped", (e) => [e[0], e[2], e[1], e[3]].flatMap((x) => x ?? []), 2],
    [
      "an event replaced with its own hash made anew",
      (e) => e.map((x) => (x.version === 2 ? { ...x, by: "x", hash: hashEvent({ ...x, by: "x" }) } : x)),
      2,
    ],
  ];
  it.each(tamper)("shows %s", (_name, edit, version) => {
    expect(findBreak(edit(chain(4)))).toMatchObject({ version });
  });
});
