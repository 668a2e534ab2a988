import { describe, expect, it } from "vitest";
import { call, tasksPath, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_PUBLIC_ORIGIN: "https://drover.example.com/" });
const sessionPath = "/api/session";
const origin = "https://drover.example.com";
const json = { "content-type": "application/json" };

const at = (path: string, init?: RequestInit) => fetch(`${stack.local.url}${path}`, init);

async function signIn(apiKey = stack.local.apiKey) {
  const response = await at(sessionPath, { method: "POST", headers: json, body: JSON.stringify({ apiKey }) });
  const cookie = response.headers.get("set-cookie") ?? "";
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  const body = (await response.json()) as any;
  return { status: response.status, body, cookie, headers: { ...json, cookie: cookie.split(";")[0] ?? "" } };
}

const pause = (headers: Record<string, string>) =>
  at("/api/orchestrator/workspaces/default/pause", { method: "POST", headers, body: '{"reason":"a test"}' });

it("a key is exchanged for a cookie that scripts cannot read and other sites cannot send", async () => {
  const { status, body, cookie, headers } = await signIn();
  expect(status).toBe(201);
  expect(cookie).toMatch(/^drover_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  expect(cookie).not.toContain(stack.local.apiKey.split("_")[2]);
  expect(body).toMatchObject({ role: "super_admin", workspace: "default", csrfToken: expect.any(String) });
  const read = await at(sessionPath, { headers });
  expect(await read.json()).toEqual(body);
  expect((await at(tasksPath, { headers })).status).toBe(200);
});

it("a key itself says who it is, without a session", async () => {
  const { body } = await call(stack, "GET", sessionPath);
  expect(body).toMatchObject({ principal: expect.any(String), role: "super_admin" });
  expect(body).not.toHaveProperty("csrfToken");
});

it("signing out takes the cookie away", async () => {
  const { headers } = await signIn();
  const response = await at(sessionPath, { method: "DELETE", headers: { cookie: headers.cookie } });
  expect(response.status).toBe(204);
  expect(response.headers.get("set-cookie")).toMatch(/^drover_session=; Max-Age=0/);
});

describe("a session's write", () => {
  it("needs the session's own token, which no other page can read", async () => {
    const { body, headers } = await signIn();
    const other = await signIn();
    expect((await pause(headers)).status).toBe(403);
    expect((await pause({ ...headers, "x-csrf-token": "x" })).status).toBe(403);
    const stranger = await at(sessionPath, { headers: other.headers });
    expect(stranger.status).toBe(200);
    expect((await pause({ ...headers, "x-csrf-token": body.csrfToken, origin })).status).toBe(200);
  });

  it("is refused from another origin, with the token too, and so is what it would read", async () => {
    const { body, headers } = await signIn();
    const foreign = { ...headers, "x-csrf-token": body.csrfToken, origin: "https://evil.example" };
    const refused = await pause(foreign);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("https://evil.example") });
    expect((await at(tasksPath, { headers: foreign })).status).toBe(403);
  });
});

describe("no session", () => {
  it.each([
    ["forged", (value: string) => `${value.slice(0, -3)}AAA`],
    ["prolonged", (value: string) => value.replace(/\.(\d+)\./, (_, at) => `.${Number(at) + 1}.`)],
    ["of another key", (value: string) => value.replace(/key_[^.]+/, "key_01K0000000000000000000000A")],
    ["without parts", () => "drover_session=x"],
  ])("is one that is %s", async (_name, change) => {
    const { headers } = await signIn();
    const response = await at(tasksPath, { headers: { cookie: change(headers.cookie) } });
    expect(response.status).toBe(401);
  });

  it("is made of a wrong key", async () => {
    expect(await signIn("drv_wrong")).toMatchObject({ status: 401, body: { code: "invalid_api_key" }, cookie: "" });
  });

  it("outlives its key", async () => {
    const keys = "/api/orchestrator/workspaces/default/keys";
    const made = (await call(stack, "POST", keys, { name: "for a while" })).body;
    const { headers } = await signIn(made.apiKey);
    expect((await at(tasksPath, { headers })).status).toBe(200);
    await call(stack, "DELETE", `${keys}/${made.keyId}`);
    expect((await at(tasksPath, { headers })).status).toBe(401);
  });
});
