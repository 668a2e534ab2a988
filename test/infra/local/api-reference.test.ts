import { expect, it } from "vitest";
import { withApiReference } from "../../../infra/local/api-reference.ts";

const serve = withApiReference((request) => new Response(`the API at ${new URL(request.url).pathname}`));
const get = async (path: string) => {
  const response = await serve(new Request(`http://127.0.0.1${path}`));
  return { status: response.status, headers: response.headers, text: await response.text() };
};

it("the reference is a page whose files all come from here, under a policy that lets no other script run", async () => {
  const { status, headers, text } = await get("/docs");
  expect(status).toBe(200);
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
  expect(named).toHaveLength(3);
  for (const path of named) {
    const file = await get(path);
    expect(file.status, path).toBe(200);
    expect(file.headers.get("content-type")).toMatch(path.endsWith(".css") ? /^text\/css/ : /^text\/javascript/);
  }
  expect(text).not.toMatch(/<script>|https?:/);
  expect((await get("/docs/show.js")).text).toContain('"/openapi.json"');
});

it("everything else is the API's", async () => {
  expect((await get("/docs/elsewhere")).text).toBe("the API at /docs/elsewhere");
  expect((await get("/openapi.json")).text).toBe("the API at /openapi.json");
});
