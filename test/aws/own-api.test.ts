// Does the reaper notice that no agent can be heard?
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openOwnApi } from "../../functions/aws/own-api.ts";
import { useStack } from "../support/stack.ts";

const stack = useStack();
/** In place of a broken deployment: it takes calls, and answers what it is told to. */
let status = 500;
const broken = createServer((_request, response) => void response.writeHead(status).end());
beforeAll(() => new Promise<void>((done) => broken.listen(0, "127.0.0.1", done)));
afterAll(() => new Promise((done) => broken.close(done)));
const brokenUrl = () => `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;

const hears = (url: string, tokenOf = stack.cloud.tokenOf) => openOwnApi(url, tokenOf).hearsAgents();

it("the real API hears agents, and nothing is written for the asking", async () => {
  expect(await hears(stack.local.url)).toBe(true);
  expect(await stack.cloud.table.getAttempt("agt_00000000000000000000000000_1")).toBeUndefined();
});

it("one that knows another secret does not, since agents could not prove themselves", async () => {
  expect(await hears(stack.local.url, () => "another")).toBe(false);
});

it("one whose table is away does not", async () => {
  stack.faults.DYNAMODB.on({
    operation: "UpdateItem",
    do: { kind: "error", status: 400, type: "ValidationException", message: "away" },
  });
  expect(await hears(stack.local.url)).toBe(false);
});

it.each([500, 503, 200, 302, 404])("one that answers everything with %i does not", async (answer) => {
  status = answer;
  expect(await hears(brokenUrl())).toBe(false);
});

it("nor does one of drover's that does not know an agent's address", async () => {
  expect(await hears(`${stack.local.url}/elsewhere`)).toBe(false);
});

it("nor does one that is not there", async () => {
  expect(await hears("http://127.0.0.1:1")).toBe(false);
});
