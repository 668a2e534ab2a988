import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { remember } from "../../../infra/local/remembered.ts";

it("ports are chosen once for a data directory, free, and where no outgoing connection takes them", async () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-remembered-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { ports } = await remember(dir);
  expect(new Set(Object.values(ports)).size).toBe(2);
  for (const port of Object.values(ports)) {
    expect(port).toBeLessThan(32_000);
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
  }
  expect((await remember(dir)).ports).toEqual(ports);
});
