import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { keepUploaded } from "../../functions/sandbox/keep-uploaded.ts";
import { listen } from "../../infra/local/aws-json.ts";

/** A place for artifacts that keeps every upload, and holds the next one as long as `hold` says. */
async function openStore() {
  const uploads: string[] = [];
  const store = { uploads, hold: Promise.resolve(), url: "", arrived: Promise.withResolvers<void>() };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    await once(request, "end");
    store.arrived.resolve();
    await store.hold;
    uploads.push(Buffer.concat(chunks).toString());
    response.end();
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return Object.assign(store, { url });
}

it("what grows is uploaded when there is news, and not again without", async () => {
  const store = await openStore();
  const kept = keepUploaded(60_000);
  let text = "a";
  kept.add({ url: store.url, size: () => text.length, read: () => Buffer.from(text) });
  await kept.flush();
  await kept.flush();
  text = "ab";
  await kept.flush();
  expect(store.uploads).toEqual(["a", "ab"]);
});

it("it is uploaded by itself from time to time", async () => {
  const store = await openStore();
  const kept = keepUploaded(5);
  kept.add({ url: store.url, size: () => 1, read: () => Buffer.from("by itself") });
  await store.arrived.promise;
  await kept.flush();
  expect(store.uploads).toEqual(["by itself"]);
});

it("uploads do not overtake each other: the last one has the last state", async () => {
  const store = await openStore();
  const first = Promise.withResolvers<void>();
  store.hold = first.promise;
  const kept = keepUploaded(60_000);
  let text = "old";
  kept.add({ url: store.url, size: () => text.length, read: () => Buffer.from(text) });
  const uploads = [kept.flush()];
  await store.arrived.promise;
  text = "newer";
  uploads.push(kept.flush());
  first.resolve();
  await Promise.all(uploads);
  expect(store.uploads).toEqual(["old", "newer"]);
});
