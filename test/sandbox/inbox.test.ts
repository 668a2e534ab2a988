import { expect, it } from "vitest";
import { openInbox } from "../../functions/sandbox/inbox.ts";
import { serveCallbacks } from "./callbacks-server.ts";

/** What people have said so far, and how much of it the last beat knows. */
async function openPost() {
  const said: string[] = [];
  const server = await serveCallbacks(({ body }) => ({
    body: {
      messages: said
        .map((text, index) => ({ number: index + 1, at: 1, by: "key:someone", text }))
        .filter(({ number }) => number > body.after),
    },
  }));
  let known = 0;
  const beat = async () => {
    known = said.length;
  };
  const inbox = openInbox({
    plane: server.plane,
    heartbeat: { beat, inbox: () => known, enter: beat, carry: beat, stop: beat },
  });
  return { said, beat, inbox, asked: () => server.heard.length };
}

it("what was said before the attempt began is heard at its first turn, and once", async () => {
  const { said, inbox } = await openPost();
  said.push("Use tabs.");
  expect(await inbox.take("turn")).toEqual(["Use tabs."]);
  expect(inbox.heard()).toBe(1);
  expect(await inbox.take("turn")).toEqual([]);
});

it("it is asked for only when a beat has told of something new", async () => {
  const { said, beat, inbox, asked } = await openPost();
  await inbox.take("turn");
  expect(asked()).toBe(1);
  said.push("Mind the gap.");
  expect(await inbox.take("turn")).toEqual([]);
  expect(asked()).toBe(1);
  await beat();
  expect(await inbox.take("turn")).toEqual(["Mind the gap."]);
  expect(asked()).toBe(2);
});

it("at the end what was said up to this moment is heard, though no beat has told of it", async () => {
  const { said, inbox } = await openPost();
  await inbox.take("turn");
  said.push("One more thing.", "And another.");
  expect(await inbox.take("end")).toEqual(["One more thing.", "And another."]);
  expect(inbox.heard()).toBe(2);
});
