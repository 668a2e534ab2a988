import { Duplex } from "node:stream";
import { expect, it } from "vitest";
import { joinSockets } from "../../functions/sandbox/join-sockets.ts";
import { until } from "./harness.ts";

/** One end of a connection: what is written to it stays unsent until `flush`. */
function makeEnd({ slow }: { slow: boolean }) {
  const sent: string[] = [];
  const held: (() => void)[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, taken) => {
      sent.push(chunk.toString());
      if (slow) held.push(taken);
      else taken();
    },
  });
  return { socket, sent, flush: () => held.splice(0).forEach((taken) => void taken()) };
}

it("after a clean end on one side, the other is left to send what it still holds", async () => {
  const server = makeEnd({ slow: false });
  const client = makeEnd({ slow: true });
  joinSockets(client.socket, server.socket);
  client.socket.push("question");
  client.socket.push(null);
  server.socket.push("first");
  server.socket.push("second");
  server.socket.push(null);
  await until("the server's side to be over", () => server.socket.closed);
  expect(server.sent).toEqual(["question"]);
  expect(client.socket.destroyed).toBe(false);
  await until("everything to be sent", () => {
    client.flush();
    return client.socket.writableFinished;
  });
  expect(client.sent.join("")).toBe("firstsecond");
});

it("when one side breaks, the other goes with it", async () => {
  for (const breaks of [0, 1]) {
    const ends = [makeEnd({ slow: false }).socket, makeEnd({ slow: false }).socket] as const;
    joinSockets(...ends);
    ends[breaks]?.destroy(new Error("ECONNRESET"));
    await until("both ends", () => ends.every((socket) => socket.closed));
  }
});
