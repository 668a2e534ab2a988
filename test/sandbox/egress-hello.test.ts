import { describe, expect, it } from "vitest";
import { readHello } from "../../functions/sandbox/egress-hello.ts";
import { addExtension, cutIntoRecords, hideAnother, sayHello } from "./hello.ts";

const hello = await sayHello("Packages.Test");

describe("the first message of TLS", () => {
  it("names whom it is for, or nobody", async () => {
    expect(readHello(hello)).toEqual({ kind: "hello", serverName: "packages.test", isEncrypted: false });
    expect(readHello(await sayHello())).toEqual({ kind: "hello", serverName: undefined, isEncrypted: false });
  });

  it.each([1, 2, 3, 5, 100, 16_000])("is read when it comes in records of %i bytes", (bytes) => {
    expect(readHello(cutIntoRecords(hello, bytes))).toEqual({
      kind: "hello",
      serverName: "packages.test",
      isEncrypted: false,
    });
  });

  it("says when it hides another one that counts (encrypted ClientHello)", () => {
    expect(readHello(hideAnother(hello))).toEqual({ kind: "hello", serverName: "packages.test", isEncrypted: true });
  });

  it("is read with what follows it", () => {
    expect(readHello(Buffer.concat([hello, hello]))).toEqual({
      kind: "hello",
      serverName: "packages.test",
      isEncrypted: false,
    });
  });

  it("is partial until its last byte", () => {
    for (let length = 0; length < hello.length; length += 1) {
      expect(readHello(hello.subarray(0, length)).kind).toBe("partial");
    }
  });

  it.each<[string, Buffer]>([
    ["plain http", Buffer.from("GET / HTTP/1.1\r\n")],
    ["ssh", Buffer.from("SSH-2.0-x\r\n")],
    ["a record of another type", Buffer.concat([Buffer.from([23]), hello.subarray(1)])],
    ["a record that is empty", Buffer.from([22, 3, 1, 0, 0])],
    ["a record that is too long", Buffer.from([22, 3, 1, 0xff, 0xff])],
    ["another message than a hello", Buffer.concat([hello.subarray(0, 5), Buffer.from([2]), hello.subarray(6)])],
    ["a hello without end", Buffer.concat([hello.subarray(0, 6), Buffer.from([0xff]), hello.subarray(7)])],
    ["TLS within TLS", Buffer.concat([hello.subarray(0, 5), hello])],
    [
      "a second record of another type",
      Buffer.concat([cutIntoRecords(hello, 100).subarray(0, 105), Buffer.from([20])]),
    ],
  ])("is not %s", (_what, bytes) => {
    expect(readHello(bytes).kind).toBe("not_tls");
  });

  it("with two names is none, since servers would not agree which one counts", () => {
    const name = Buffer.from("packages.test");
    const at = hello.indexOf("Packages.Test");
    const body = addExtension(hello, hello.subarray(at - 9, at + name.length));
    expect(readHello(body).kind).toBe("not_tls");
  });

  it("can be anything at all without an exception (10,000 changes, seeded)", () => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const kinds = new Map<string, number>();
    for (let round = 0; round < 10_000; round += 1) {
      const bytes = Buffer.from(hello);
      for (let changes = 1 + random(3); changes > 0; changes -= 1) bytes[random(bytes.length)] = random(256);
      const { kind } = readHello(bytes);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect([...kinds.keys()].sort()).toEqual(["hello", "not_tls", "partial"]);
  });
});
