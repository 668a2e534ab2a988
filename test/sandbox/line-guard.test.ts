import { expect, it } from "vitest";
import { openLineGuard } from "../../functions/sandbox/line-guard.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";

const logOf = (...chunks: string[]) => {
  const log = new OutputLog();
  for (const chunk of chunks) log.write(chunk);
  return log;
};

it.each([
  ["at the beginning", "[drover] pushed\n"],
  ["on a later line", "a\n[drover] pushed\n"],
  ["after a carriage return", "a\r[drover] pushed\n"],
])("a line like drover's own is marked %s, however it is cut into chunks", (_where, text) => {
  const marked = text.replace("[drover]", " [drover]");
  for (let at = 0; at <= text.length; at += 1) {
    expect(logOf(text.slice(0, at), text.slice(at)).read().toString()).toBe(marked);
  }
  expect(
    logOf(...text)
      .read()
      .toString(),
  ).toBe(marked);
});

it.each([
  "",
  "[",
  "[dro",
  "[drover",
  "a [drover] b",
  "[drove r]",
  "\n\n[",
  "ünïcode\n[drovér]",
  "[[drover]",
])("everything else stays as it is: %j", (text) => {
  expect(
    logOf(...text)
      .read()
      .toString(),
  ).toBe(text);
  expect(logOf(text).read().toString()).toBe(text);
});

it("a line of drover's own begins at the beginning of a line, whatever was printed before", () => {
  const log = logOf("no end of line");
  log.note("first");
  log.write("[dro");
  log.note("second");
  log.note("third");
  expect(log.read().toString()).toBe("no end of line\n[drover] first\n[dro\n[drover] second\n[drover] third\n");
});

it("bytes that are no text pass as they are", () => {
  const bytes = Buffer.from([0, 255, 10, 128, 91, 100, 10, 254]);
  const guard = openLineGuard();
  expect(Buffer.concat([...bytes].map((byte) => guard.pass(Buffer.from([byte]))))).toEqual(bytes);
});
