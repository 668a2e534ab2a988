import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveApi } from "../../../infra/local/api-server.ts";
import type { Endpoint } from "../../../infra/local/aws-json.ts";
import { withDashboard } from "../../../infra/local/dashboard.ts";

const dir = mkdtempSync(join(tmpdir(), "drover-dashboard-"));
const api = (request: Request) => new Response(`the API at ${new URL(request.url).pathname}`, { status: 418 });
let server: Endpoint;

beforeAll(async () => {
  mkdirSync(join(dir, "assets"));
  writeFileSync(join(dir, "index.html"), "<!doctype html><title>drover</title>");
  writeFileSync(join(dir, "built-from"), "a stamp");
  writeFileSync(join(dir, "assets/main-1.js"), "export {};");
  server = await serveApi(withDashboard(api, dir), 0, () => true);
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("the local stack", () => {
  it("serves the page with a policy that lets no script in but its own", async () => {
    const page = await fetch(`${server.url}/`);
    expect(await page.text()).toContain("<title>drover</title>");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("serves the files that the page names, for ever, and with their type", async () => {
    const script = await fetch(`${server.url}/assets/main-1.js`);
    expect(script.headers.get("content-type")).toContain("javascript");
    expect(script.headers.get("cache-control")).toContain("immutable");
  });

  it.each([
    "/health",
    "/api/orchestrator/tasks",
    "/openapi.json",
    "/elsewhere",
    "/built-from",
    "/assets/none.js",
  ])("leaves %s to the API", async (path) => {
    const answer = await fetch(`${server.url}${path}`);
    expect([answer.status, await answer.text()]).toEqual([418, `the API at ${path}`]);
    expect(answer.headers.get("cache-control") ?? "").not.toContain("immutable");
  });

  it.each([
    "/assets/../built-from",
    "/assets/%2e%2e/built-from",
    "/assets/..%2fbuilt-from",
  ])("lets nobody out of its folder with %s", async (path) => {
    const answer = await fetch(`${server.url}${path}`);
    expect(await answer.text()).not.toContain("a stamp");
  });

  it("passes a post to the page's own address on to the API", async () => {
    expect((await fetch(`${server.url}/`, { method: "POST" })).status).toBe(418);
  });
});

it("a dashboard that is not built says what to do", async () => {
  const bare = await serveApi(withDashboard(api, join(dir, "assets")), 0, () => true);
  const page = await fetch(`${bare.url}/`);
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining("npm run build")]);
  await bare.close();
});
